import { ascii, equalsIgnoringCase } from "./octets.ts";

interface Candidate<N extends string> {
  readonly name: N;
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
  readonly #byLength: (readonly Candidate<N>[] | undefined)[];

  /** @param names in lower case */
  constructor(names: readonly N[]) {
    const longest = Math.max(...names.map((name) => name.length));
    const table: Candidate<N>[][] = Array.from({ length: longest + 1 }, () => []);
    for (const name of names) table[name.length]?.push({ name, bytes: ascii(name) });
    this.#byLength = table.map((candidates) => candidates.length === 0 ? undefined : candidates);
  }

  /** The name that a span is; `undefined` when it is none of them. */
  find(bytes: Uint8Array, start: number, end: number): N | undefined {
    const candidates = this.#byLength[end - start];
    if (candidates === undefined) return undefined;
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i];
      if (candidate !== undefined && equalsIgnoringCase(bytes, start, end, candidate.bytes)) {
        return candidate.name;
      }
    }
    return undefined;
  }
}
