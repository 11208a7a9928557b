import type { ChangeTail, Position } from "./change_tail.ts";
import { alive, type StoredRecord } from "./record.ts";
import type { RecordDatabase } from "./record_database.ts";
import type { IdRange } from "./record_id.ts";
import type { Found, Reading, Subject, TieredCache } from "./tiered_cache.ts";

/** What {@linkcode RecordReader} reads from. */
export interface RecordReaderOptions {
  database: RecordDatabase;
  tail: ChangeTail;
  /** `null` stands for a record that does not exist: that is worth caching too. */
  cache: TieredCache<StoredRecord | null>;
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
  async read(id: string): Promise<Found<StoredRecord | undefined>> {
    const found = await this.#options.cache.read(this.#subject(id));
    return { ...found, value: alive(found.value ?? undefined, this.#options.now()) };
  }

  #subject(id: string): Subject<StoredRecord | null> {
    const { tail } = this.#options;
    return {
      name: id,
      stands: (_record, asOf) => tail.unchangedSince(id, asOf),
      load: () => this.#load(id),
    };
  }

  async #load(id: string): Promise<Reading<StoredRecord | null>> {
    const { database, onDatabaseRead } = this.#options;
    onDatabaseRead?.();
    const { latest, record = null } = await database.record(id);
    return { value: record, asOf: { seq: latest.seq, epoch: latest.epoch }, size: recordSize(record) };
  }
}

/** Records as the database lists them: whoever may see them. */
export interface Page {
  readonly items: readonly { readonly id: string; readonly record: StoredRecord }[];
  /** Whether the range goes on behind the last item. */
  readonly more: boolean;
}

/** What {@linkcode PageReader} reads from. */
export interface PageReaderOptions {
  database: RecordDatabase;
  tail: ChangeTail;
  cache: TieredCache<Page>;
  /** @default nothing */
  onDatabaseRead?: () => void;
}

/** A page ends early when its values have this many bytes. */
const MAX_PAGE_BYTES = 1_048_576;

/** Reads pages of records through the caches. */
export class PageReader {
  readonly #options: PageReaderOptions;

  constructor(options: PageReaderOptions) {
    this.#options = options;
  }

  /** Up to `limit` records of the range, as the database holds them now. */
  read(range: IdRange, limit: number): Promise<Found<Page>> {
    const { tail, cache } = this.#options;
    return cache.read({
      name: `${limit} ${range.prefix} ${range.after}`,
      stands: (page, asOf) =>
        tail.rangeUnchangedSince(range, page.more ? page.items.at(-1)?.id : undefined, asOf),
      load: () => this.#load(range, limit),
    });
  }

  async #load(range: IdRange, limit: number): Promise<Reading<Page>> {
    const { database, tail, onDatabaseRead } = this.#options;
    onDatabaseRead?.();
    const asOf: Position = tail.position;
    const items: { id: string; record: StoredRecord }[] = [];
    let size = 0;
    let more = false;
    for await (
      const item of database.list(range, { limit: limit + 1, batchSize: Math.min(limit + 1, 200) })
    ) {
      more = items.length === limit || size > MAX_PAGE_BYTES;
      if (more) break;
      items.push(item);
      size += recordSize(item.record);
    }
    return { value: { items, more }, asOf, size };
  }
}

/** About how many bytes a record takes in a cache. */
function recordSize(record: StoredRecord | null): number {
  if (record === null) return 256;
  return record.json.byteLength + record.sharedWith.reduce((sum, name) => sum + name.length + 4, 512);
}
