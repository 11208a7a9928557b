import type { ChangeTail } from "./change_tail.ts";
import { alive, type StoredRecord } from "./record.ts";
import type { RecordDatabase } from "./record_database.ts";
import type { Reading } from "./shared_layer.ts";
import type { Found, NearSubject, Prepared, ReadOptions, TieredCache } from "./tiered_cache.ts";
import { recordWeight, type WrittenRecord, writtenRecord } from "./written_record.ts";

/** What {@linkcode RecordReader} reads from. */
export interface RecordReaderOptions {
  database: RecordDatabase;
  tail: ChangeTail;
  /** `null` stands for a record that does not exist: that is worth caching too. */
  cache: TieredCache<StoredRecord | null, WrittenRecord | null>;
  now: () => number;
  /** @default nothing */
  onDatabaseRead?: () => void;
}

/** Reads single records through the caches. */
export class RecordReader {
  readonly #options: RecordReaderOptions;

  constructor(options: RecordReaderOptions) {
    this.#options = options;
  }

  /** The record as the database holds it now; `undefined` when there is none or its time is over. */
  async read(id: string, options: ReadOptions = {}): Promise<Found<WrittenRecord | undefined>> {
    const found = await this.#options.cache.read(this.#subject(id), options);
    return { ...found, value: alive(found.value ?? undefined, this.#options.now()) };
  }

  /** The record if the near cache has it, by the last fence, which the caller has waited for. */
  near(id: string): WrittenRecord | undefined {
    const { cache, tail, now } = this.#options;
    const record = cache.near({ name: id, stands: (_record, asOf) => tail.unchangedSince(id, asOf) });
    return alive(record ?? undefined, now());
  }

  #subject(id: string): NearSubject<StoredRecord | null, WrittenRecord | null> {
    const { tail } = this.#options;
    return {
      name: id,
      stands: (_record, asOf) => tail.unchangedSince(id, asOf),
      load: () => this.#load(id),
    };
  }

  async #load(id: string): Promise<Reading<StoredRecord | null>> {
    const { database, now, onDatabaseRead } = this.#options;
    onDatabaseRead?.();
    const at = now();
    const { latest: { seq, epoch }, record = null } = await database.record(id);
    return { value: record, asOf: { seq, epoch }, at, size: recordSize(record) };
  }
}

/** A record as it is kept near. */
export function prepareRecord(record: StoredRecord | null, id: string): Prepared<WrittenRecord | null> {
  if (record === null) return { value: null, weight: 0 };
  const value = writtenRecord(id, record);
  return { value, weight: recordWeight(value) };
}

/** At least how many bytes a record takes in the shared cache. */
export function recordSize(record: StoredRecord | null): number {
  if (record === null) return 256;
  const { json, owner, sharedWith } = record;
  return [owner, ...sharedWith].reduce((sum, name) => sum + 2 * name.length + 8, json.byteLength + 256);
}
