import { decodeBase64Url, encodeBase64Url } from "@std/encoding";
import { encodeKey } from "./key_codec.ts";
import { assertReadableKey } from "./limits.ts";

/** The keys that a list goes through, from `first` on and before `end`. */
export interface KeyRange {
  readonly first: Uint8Array;
  readonly end: Uint8Array;
}

/**
 * What a list goes through, and where it is: a cursor is the part of a key that its selector does not tell, in base64url,
 * as Deno's own cursors are. So a page begun by the one client can be gone on with by the other.
 */
export class Selector {
  /** What all keys of it begin with. */
  readonly #common: Uint8Array;
  readonly #range: KeyRange;
  readonly #bounds: Partial<KeyRange>;

  /** @throws {TypeError} when it selects nothing that can be told */
  constructor(selector: Deno.KvListSelector) {
    const { prefix, start, end } = partsOf(selector);
    if (prefix !== undefined) {
      if (start !== undefined && end !== undefined) {
        throw new TypeError("Selector can not specify both 'start' and 'end' key when specifying 'prefix'");
      }
      assertWithin(prefix, start, "Start");
      assertWithin(prefix, end, "End");
      this.#common = prefix;
      this.#range = { first: start ?? append(prefix, 0), end: end ?? append(prefix, 0xff) };
      this.#bounds = { ...(start && { first: start }), ...(end && { end }) };
    } else {
      if (start === undefined || end === undefined) {
        throw new TypeError("Selector must specify either 'prefix' or both 'start' and 'end' key");
      }
      if (compare(start, end) > 0) throw new TypeError("Start key is greater than end key");
      this.#common = commonPrefix(start, end);
      this.#range = { first: start, end };
      this.#bounds = this.#range;
    }
  }

  /**
   * What is left of the range behind a cursor.
   *
   * @throws {TypeError} when the cursor is none of this selector
   */
  rangeFrom(cursor: string | undefined, reverse: boolean): KeyRange {
    const range = cursor === undefined ? this.#range : this.#behind(cursor, reverse);
    assertReadableKey(range.first);
    assertReadableKey(range.end);
    return range;
  }

  /** The cursor behind a key of this selector. */
  cursorAt(key: Uint8Array): string {
    const encoded = encodeBase64Url(key.subarray(this.#common.length));
    // Deno's own cursors are filled up.
    return encoded.padEnd(Math.ceil(encoded.length / 4) * 4, "=");
  }

  #behind(cursor: string, reverse: boolean): KeyRange {
    const key = concatenate(this.#common, decodeCursor(cursor));
    const { first, end } = this.#range;
    const range = reverse ? { first, end: key } : { first: append(key, 0), end };
    const low = this.#bounds.first;
    const high = this.#bounds.end;
    const within = (low === undefined || compare(range.first, low) >= 0) &&
      (high === undefined || compare(range.end, high) <= 0);
    if (!within) throw new TypeError("cursor out of bounds");
    return range;
  }
}

interface Parts {
  readonly prefix: Uint8Array | undefined;
  readonly start: Uint8Array | undefined;
  readonly end: Uint8Array | undefined;
}

function partsOf(selector: Deno.KvListSelector): Parts {
  const encoded = (key: Deno.KvKey | undefined) => key === undefined ? undefined : encodeKey(key);
  return {
    prefix: encoded("prefix" in selector ? selector.prefix : undefined),
    start: encoded("start" in selector ? selector.start : undefined),
    end: encoded("end" in selector ? selector.end : undefined),
  };
}

function assertWithin(prefix: Uint8Array, key: Uint8Array | undefined, name: "Start" | "End"): void {
  if (key === undefined) return;
  const within = key.length > prefix.length && prefix.every((byte, index) => key[index] === byte);
  if (!within) throw new TypeError(`${name} key is not in the keyspace defined by prefix`);
}

function decodeCursor(cursor: string): Uint8Array {
  try {
    return decodeBase64Url(cursor.replace(/=+$/, ""));
  } catch (cause) {
    throw new TypeError("invalid cursor", { cause });
  }
}

function commonPrefix(one: Uint8Array, other: Uint8Array): Uint8Array {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return one.subarray(0, length);
}

/** Below, at or above zero as the one sorts before, with or behind the other. */
function compare(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

/** The key and one byte more: what comes next after it, where the byte is zero. */
function append(key: Uint8Array, byte: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(key.length + 1);
  longer.set(key);
  longer[key.length] = byte;
  return longer;
}

function concatenate(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}
