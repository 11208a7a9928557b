import { MAX_READ_KEYS, ProblemError } from "@flotilla/runtime";
import { CallBatch } from "./call_batch.ts";
import { type Change, changeKey, type Latest, LATEST_KEY, recordKey } from "./keyspace.ts";
import type { StoredRecord } from "./record.ts";
import { type IdRange, rangeEnd } from "./record_id.ts";

/** `latest` is read with every part of them. */
const RECORDS_PER_READ = MAX_READ_KEYS - 1;
/** How often many records are read before they are given up. */
const MAX_ATTEMPTS = 200;

/** `latest` with the versionstamp to check it by. */
export interface LatestEntry extends Latest {
  readonly versionstamp: string;
}

/** A state of some records, and the number of the last change it contains. */
export interface Snapshot {
  readonly latest: LatestEntry;
  readonly records: ReadonlyMap<string, StoredRecord>;
}

/** A record, if there is one, and the end of the log when it was read. */
export interface RecordNow {
  readonly latest: LatestEntry;
  readonly record: StoredRecord | undefined;
}

/** Reads of records and of the change log. A database that was never written to is seeded by the first read. */
export class RecordDatabase {
  readonly kv: Deno.Kv;
  readonly #seed: () => Promise<void>;
  readonly #reads = new CallBatch<string, RecordNow>(RECORDS_PER_READ, async (ids) => {
    const { latest, records } = await this.records(ids);
    return ids.map((id) => ({ latest, record: records.get(id) }));
  });

  /** @param seed writes the first records and `latest`, unless somebody else just did */
  constructor(kv: Deno.Kv, seed: () => Promise<void>) {
    this.kv = kv;
    this.#seed = seed;
  }

  /** How far the change log has come. */
  async latest(): Promise<LatestEntry> {
    for (;;) {
      const entry = entryOf(await this.kv.get<Latest>(LATEST_KEY));
      if (entry !== undefined) return entry;
      await this.#seed();
    }
  }

  /**
   * Gives the database a new epoch, unless somebody else changes `latest` first. It is for a database that has gone back
   * in time (a backup was restored): nothing cached from the life it lost may be taken for valid in the next.
   *
   * @param seq numbers go on behind this one, so that no version is used twice
   */
  async renew(latest: LatestEntry, seq: number): Promise<void> {
    const next: Latest = { seq, epoch: crypto.randomUUID() };
    const { versionstamp } = latest;
    await this.kv.atomic().check({ key: LATEST_KEY, versionstamp }).set(LATEST_KEY, next).commit();
  }

  /**
   * One record, with the position of the change log at that very moment. Those that are asked for in the same turn are
   * read together.
   */
  record(id: string): Promise<RecordNow> {
    return this.#reads.add(id);
  }

  /**
   * Many records at one moment: it reads again when a change came between two of its reads.
   *
   * @throws {ProblemError} 503 when changes come between again and again
   */
  async records(ids: readonly string[]): Promise<Snapshot> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const parts = await Promise.all(chunks(ids, RECORDS_PER_READ).map((part) => this.#readPart(part)));
      const [first] = parts;
      if (first === undefined) return { latest: await this.latest(), records: new Map() };
      if (first.latest === undefined) await this.#seed();
      else if (parts.every((part) => part.latest?.versionstamp === first.latest?.versionstamp)) {
        return { latest: first.latest, records: new Map(parts.flatMap((part) => part.records)) };
      }
    }
    throw new ProblemError(503, "Too many writes at once", { headers: { "retry-after": "1" } });
  }

  async #readPart(ids: readonly string[]) {
    const [head, ...entries] = await this.kv.getMany<[Latest, ...StoredRecord[]]>([
      LATEST_KEY,
      ...ids.map(recordKey),
    ]);
    const records: [string, StoredRecord][] = [];
    for (const [index, id] of ids.entries()) {
      const value = entries[index]?.value;
      if (value !== null && value !== undefined) records.push([id, value]);
    }
    return { latest: entryOf(head), records };
  }

  /** Records in the order of their ids. */
  async *list(
    range: IdRange,
    options: { limit?: number; batchSize?: number } = {},
  ): AsyncGenerator<{ id: string; record: StoredRecord }> {
    const start = range.after === "" ? range.prefix : `${range.after}\0`;
    const selector = { start: recordKey(start), end: recordKey(rangeEnd(range)) };
    for await (const { key, value } of this.kv.list<StoredRecord>(selector, options)) {
      const id = key[2];
      if (typeof id === "string") yield { id, record: value };
    }
  }

  /** The changes after `after`, up to and with `last`, as far as they are kept. */
  async *changes(after: number, last: number): AsyncGenerator<{ seq: number; change: Change }> {
    const selector = { start: changeKey(after + 1), end: changeKey(last + 1) };
    for await (const { key, value } of this.kv.list<Change>(selector, { batchSize: 500 })) {
      const seq = key[2];
      if (typeof seq === "number") yield { seq, change: value };
    }
  }

  /** Who wrote the change with this number. */
  async commitOf(seq: number): Promise<string | undefined> {
    return (await this.kv.get<Change>(changeKey(seq))).value?.commit;
  }
}

function entryOf(entry: Deno.KvEntryMaybe<Latest>): LatestEntry | undefined {
  return entry.value === null ? undefined : { ...entry.value, versionstamp: entry.versionstamp };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}
