import { ascii, equalsIgnoringCase } from "./octets.ts";

interface Candidate {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/**
 * A set of field names to be found in octets, in any case of their letters.
 *
 * @example
 * ```ts
 * import { FieldNames } from "./field_names.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const names = new FieldNames(["etag", "vary"]);
 * assertEquals(names.find(new TextEncoder().encode("ETag: x"), 0, 4), "etag");
 * ```
 */
export class FieldNames<N extends string> {
  /** In the order of their indices. */
  readonly names: readonly N[];
  readonly #byLength: (readonly Candidate[] | undefined)[];

  /** @param names in lower case */
  constructor(names: readonly N[]) {
    this.names = names;
    const longest = Math.max(...names.map((name) => name.length));
    const table: Candidate[][] = Array.from({ length: longest + 1 }, () => []);
    for (const [index, name] of names.entries()) table[name.length]?.push({ index, bytes: ascii(name) });
    this.#byLength = table.map((candidates) => candidates.length === 0 ? undefined : candidates);
  }

  /** The name that a span is; `undefined` when it is none of them. */
  find(bytes: Uint8Array, start: number, end: number): N | undefined {
    const index = this.indexOf(bytes, start, end);
    return index === -1 ? undefined : this.names[index];
  }

  /** The index of the name that a span is; -1 when it is none of them. */
  indexOf(bytes: Uint8Array, start: number, end: number): number {
    const candidates = this.#byLength[end - start];
    if (candidates === undefined) return -1;
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i];
      if (candidate !== undefined && equalsIgnoringCase(bytes, start, end, candidate.bytes)) {
        return candidate.index;
      }
    }
    return -1;
  }
}
