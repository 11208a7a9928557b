import type { ChangeTail, Position } from "./change_tail.ts";
import type { StoredRecord } from "./record.ts";
import type { RecordDatabase } from "./record_database.ts";
import type { IdRange } from "./record_id.ts";
import { recordSize } from "./record_reader.ts";
import type { Reading } from "./shared_layer.ts";
import type { Found, ReadOptions, TieredCache } from "./tiered_cache.ts";

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
  now: () => number;
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

  /** Up to `limit` records of the range, as the database holds them now; or a little earlier, for who takes that. */
  read(range: IdRange, limit: number, options: ReadOptions = {}): Promise<Found<Page>> {
    const { tail, cache } = this.#options;
    const lastOf = (page: Page) => page.more ? page.items.at(-1)?.id : undefined;
    return cache.read({
      name: `${limit} ${range.prefix} ${range.after}`,
      stands: (page, asOf) => tail.rangeUnchangedSince(range, lastOf(page), asOf),
      load: () => this.#load(range, limit),
    }, options);
  }

  async #load(range: IdRange, limit: number): Promise<Reading<Page>> {
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
