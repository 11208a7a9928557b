/** A part of a file: bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * What a `Range` field asks of a file of `size` bytes (RFC 9110, section 14): one range of bytes. Anything else, also
 * several ranges at once, is answered with the whole file, as a server may.
 *
 * @returns the range, `"unsatisfiable"` when it begins behind the end, or `undefined` for the whole file
 *
 * @example
 * ```ts
 * import { byteRange } from "./byte_range.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(byteRange("bytes=0-99", 1_000), { start: 0, end: 100 });
 * assertEquals(byteRange("bytes=-100", 1_000), { start: 900, end: 1_000 });
 * assertEquals(byteRange("bytes=1000-", 1_000), "unsatisfiable");
 * ```
 */
export function byteRange(field: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(field?.trim() ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first === "") {
    const length = Math.min(size, Number(last));
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size };
  }
  const start = Number(first);
  const end = last === "" ? size : Math.min(size, Number(last) + 1);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}
