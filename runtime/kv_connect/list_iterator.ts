import { encodeKey } from "./key_codec.ts";
import { assertEntries } from "./limits.ts";
import { type KeyRange, Selector } from "./selector.ts";

/** Reads the entries of a range. */
export type ReadPage<T> = (
  range: KeyRange & { readonly limit: number; readonly reverse: boolean },
) => Promise<Deno.KvEntry<T>[]>;

/** The largest batch of a list that does not ask for one. */
const LARGEST_BATCH = 500;

/** Goes through the entries of a selector, a batch of them in each read. */
export class ListIterator<T> implements Deno.KvListIterator<T> {
  readonly #selector: Selector;
  readonly #readPage: ReadPage<T>;
  readonly #reverse: boolean;
  readonly #batchSize: number;
  /** How many entries may still come. */
  #left: number;
  #page: Deno.KvEntry<T>[] = [];
  /** Of the page, those that were given out. */
  #given = 0;
  /** Whether nothing comes behind the page. */
  #last = false;
  #cursor: string | Deno.KvEntry<T> | undefined;

  /**
   * @throws {TypeError} when it selects nothing that can be told
   * @throws {Error} when the limit or the size of a batch is no positive integer
   */
  constructor(selector: Deno.KvListSelector, options: Deno.KvListOptions, readPage: ReadPage<T>) {
    const { limit, batchSize, cursor, reverse = false } = options;
    assertPositive("Limit", limit);
    assertPositive("batchSize", batchSize);
    this.#selector = new Selector(selector);
    this.#readPage = readPage;
    this.#reverse = reverse;
    this.#batchSize = batchSize ?? Math.min(limit ?? 100, LARGEST_BATCH);
    this.#left = limit ?? Infinity;
    this.#cursor = cursor || undefined;
  }

  /** Where another list of the same selector goes on; empty when there is nothing more. */
  get cursor(): string {
    if (this.#cursor === undefined) throw new Error("Cannot get cursor before first iteration");
    if (typeof this.#cursor === "string") return this.#cursor;
    return this.#selector.cursorAt(encodeKey(this.#cursor.key));
  }

  /** Whether the next entry has been read, or it is known that there is none. */
  get atHand(): boolean {
    return this.#given < this.#page.length || this.#last || this.#left <= 0;
  }

  async next(): Promise<IteratorResult<Deno.KvEntry<T>, undefined>> {
    if (this.#left <= 0) return { done: true, value: undefined };
    if (!this.atHand) await this.#readNext();
    const entry = this.#page[this.#given++];
    if (entry === undefined) {
      this.#left = 0;
      this.#cursor = "";
      return { done: true, value: undefined };
    }
    this.#left--;
    this.#cursor = entry;
    return { done: false, value: entry };
  }

  /** Gives out at once all entries that have been read. */
  takeAtHand(): Deno.KvEntry<T>[] {
    const entries = this.#page.slice(this.#given, this.#given + this.#left);
    this.#given += entries.length;
    this.#left -= entries.length;
    this.#cursor = entries.at(-1) ?? this.#cursor;
    return entries;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #readNext(): Promise<void> {
    assertEntries(this.#batchSize);
    const limit = Math.min(this.#batchSize, this.#left);
    const range = this.#selector.rangeFrom(
      this.#cursor === undefined ? undefined : this.cursor,
      this.#reverse,
    );
    this.#page = await this.#readPage({ ...range, limit, reverse: this.#reverse });
    this.#given = 0;
    this.#last = this.#page.length < limit;
  }
}

/** All entries of a list. Those that come in one batch are waited for once, and not one by one. */
export async function entriesOf<T>(list: Deno.KvListIterator<T>): Promise<Deno.KvEntry<T>[]> {
  const entries: Deno.KvEntry<T>[] = [];
  for (;;) {
    const { done, value } = await list.next();
    if (done) return entries;
    entries.push(value);
    if (list instanceof ListIterator) entries.push(...list.takeAtHand());
  }
}

function assertPositive(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isInteger(value) && value > 0)) return;
  throw new Error(`${name} must be a positive integer: received ${value}`);
}
