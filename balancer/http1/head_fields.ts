import type { FieldReader } from "@flotilla/runtime";
import { FieldNames } from "./field_names.ts";
import { latin1 } from "./octets.ts";
import type { RequestHead } from "./request_head.ts";
import type { Wire } from "./wire.ts";

/** Numbers kept of a field: where its line begins, where its colon is, and where the next line begins. */
const SPAN = 3;

/**
 * The fields of a request's head that have a name of interest, found and not decoded until somebody asks. One object serves
 * one head after another.
 */
export class HeadFields implements FieldReader {
  readonly #names: FieldNames<string>;
  /** Where a name has its numbers. */
  readonly #places: ReadonlyMap<string, number>;
  /** Three numbers for each name; 0 where a field begins that is not there. */
  readonly #spans: Int32Array;
  #bytes = new Uint8Array(0);
  #repeated = false;
  readonly #visit = (line: number, colon: number, next: number): void => {
    const at = this.#names.indexOf(this.#bytes, line, colon) * SPAN;
    if (at < 0) return;
    if (this.#spans[at] !== 0) this.#repeated = true;
    this.#spans[at] = line;
    this.#spans[at + 1] = colon;
    this.#spans[at + 2] = next;
  };

  /** @param names in lower case */
  constructor(names: readonly string[]) {
    this.#names = new FieldNames(names);
    this.#places = new Map(names.map((name, index) => [name, index * SPAN]));
    this.#spans = new Int32Array(names.length * SPAN);
  }

  /** Looks at a head; answers whether each field of interest is there once at most. */
  read(bytes: Uint8Array<ArrayBuffer>, head: RequestHead): boolean {
    this.#bytes = bytes;
    this.#spans.fill(0);
    this.#repeated = false;
    head.lines(this.#visit);
    return !this.#repeated;
  }

  has(name: string): boolean {
    return this.#spans[this.#at(name)] !== 0;
  }

  get(name: string): string | null {
    const span = this.span(name);
    return span === undefined ? null : latin1(this.#bytes, span.colon + 1, span.next - 2).trim();
  }

  /** Where a field is; `undefined` when it is not there. */
  span(name: string): { readonly colon: number; readonly next: number } | undefined {
    const at = this.#at(name);
    if (this.#spans[at] === 0) return undefined;
    return { colon: this.#spans[at + 1] ?? 0, next: this.#spans[at + 2] ?? 0 };
  }

  /** Where names have their numbers, for {@linkcode HeadFields.copy}. */
  places(names: readonly string[]): readonly number[] {
    return names.map((name) => this.#at(name));
  }

  /** Puts the lines of the fields at these places behind what `wire` has put together, as they came. */
  copy(wire: Wire, places: readonly number[]): void {
    for (const at of places) {
      const line = this.#spans[at] ?? 0;
      if (line !== 0) wire.copy(line, this.#spans[at + 2] ?? 0);
    }
  }

  #at(name: string): number {
    return this.#places.get(name) ?? -1;
  }
}
