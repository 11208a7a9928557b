import type { ChangeTail, Position } from "./change_tail.ts";
import type { StoredRecord } from "./record.ts";
import type { RecordDatabase } from "./record_database.ts";
import type { IdRange } from "./record_id.ts";
import { recordSize } from "./record_reader.ts";
import type { Reading } from "./shared_layer.ts";
import type { Found, Prepared, ReadOptions, TieredCache } from "./tiered_cache.ts";
import { recordWeight, type WrittenRecord, writtenRecord } from "./written_record.ts";

/** Records as the database lists them, whoever may see them; `R` is what is known of each. */
export interface Page<R> {
  readonly items: readonly { readonly id: string; readonly record: R }[];
  /** Whether the range goes on behind the last item. */
  readonly more: boolean;
}

/** A page as the database has it. */
export type StoredPage = Page<StoredRecord>;
/** A page as it is kept near. */
export type WrittenPage = Page<WrittenRecord>;

/** What {@linkcode PageReader} reads from. */
export interface PageReaderOptions {
  database: RecordDatabase;
  tail: ChangeTail;
  cache: TieredCache<StoredPage, WrittenPage>;
  now: () => number;
  /** @default nothing */
  onDatabaseRead?: () => void;
}

/** A page ends early when its values have this many bytes. */
const MAX_PAGE_BYTES = 1_048_576;

/** Bytes that a page takes for each of its records besides what the record takes. */
const ITEM_BYTES = 64;

/** Reads pages of records through the caches. */
export class PageReader {
  readonly #options: PageReaderOptions;

  constructor(options: PageReaderOptions) {
    this.#options = options;
  }

  /** Up to `limit` records of the range, as the database holds them now; or a little earlier, for who takes that. */
  read(range: IdRange, limit: number, options: ReadOptions = {}): Promise<Found<WrittenPage>> {
    const { tail, cache } = this.#options;
    const lastOf = (page: Page<unknown>) => page.more ? page.items.at(-1)?.id : undefined;
    return cache.read({
      name: `${limit} ${range.prefix} ${range.after}`,
      stands: (page, asOf) => tail.rangeUnchangedSince(range, lastOf(page), asOf),
      load: () => this.#load(range, limit),
    }, options);
  }

  async #load(range: IdRange, limit: number): Promise<Reading<StoredPage>> {
    const { database, tail, now, onDatabaseRead } = this.#options;
    onDatabaseRead?.();
    const at = now();
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
      size += recordSize(item.record) + item.id.length;
    }
    return { value: { items, more }, asOf, at, size };
  }
}

/** A page as it is kept near. */
export function preparePage({ items, more }: StoredPage): Prepared<WrittenPage> {
  const written = items.map(({ id, record }) => ({ id, record: writtenRecord(id, record) }));
  return {
    value: { items: written, more },
    weight: written.reduce((sum, { id, record }) => sum + id.length + ITEM_BYTES + recordWeight(record), 0),
  };
}
