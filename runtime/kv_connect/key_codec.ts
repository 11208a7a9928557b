/**
 * The encoding of Deno KV's keys, whose bytes sort as the keys do (the tuple layer of FoundationDB, as `codec.rs` in
 * denoland/denokv has it).
 *
 * @module
 */
import { Buffer } from "node:buffer";

const TAG = {
  bytes: 0x01,
  string: 0x02,
  negativeStart: 0x0b,
  zero: 0x14,
  positiveEnd: 0x1d,
  double: 0x21,
  false: 0x26,
  true: 0x27,
} as const;

/** Follows a zero byte that is content and no end. */
const ESCAPE = 0xff;
/** Bytes of a bigint that its tag can count. */
const COUNTED = 8;
const MAX_BIGINT_BYTES = 255;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
const double = new DataView(new ArrayBuffer(8));

/** Bytes that are no key. */
export class KeyError extends TypeError {
  override readonly name = "KeyError";
}

let scratch = new Uint8Array(4_096);
let used = 0;

/**
 * @param suffix a byte that follows the key
 * @throws {TypeError} when a part is nothing that a key may have
 */
export function encodeKey(key: Deno.KvKey, suffix?: number): Uint8Array<ArrayBuffer> {
  encodeParts(key);
  if (suffix !== undefined) {
    reserve(1);
    scratch[used++] = suffix;
  }
  return scratch.slice(0, used);
}

/** A key whose bytes stand until the next one is encoded. */
export interface TransientKey {
  /** Begins with the key. */
  readonly bytes: Uint8Array;
  readonly length: number;
}

/**
 * The same without memory of its own.
 *
 * @throws {TypeError} when a part is nothing that a key may have
 */
export function encodeTransiently(key: Deno.KvKey): TransientKey {
  encodeParts(key);
  return { bytes: scratch, length: used };
}

function encodeParts(key: Deno.KvKey): void {
  used = 0;
  for (const part of key) encodePart(part);
}

function encodePart(part: Deno.KvKeyPart): void {
  switch (typeof part) {
    case "string":
      return encodeString(part);
    case "number":
      return encodeDouble(part);
    case "bigint":
      return encodeBigint(part);
    case "boolean":
      reserve(1);
      scratch[used++] = part ? TAG.true : TAG.false;
      return;
    default:
      if (part instanceof Uint8Array) return encodeBytes(TAG.bytes, part);
      throw new TypeError(`A key cannot have a part of type ${typeof part}`);
  }
}

function encodeString(part: string): void {
  // Two bytes for a character of ASCII at most, since a zero is escaped.
  reserve(2 * part.length + 2);
  const start = used;
  scratch[used++] = TAG.string;
  for (let index = 0; index < part.length; index++) {
    const code = part.charCodeAt(index);
    if (code > 0x7f) {
      used = start;
      return encodeBytes(TAG.string, encoder.encode(part));
    }
    scratch[used++] = code;
    if (code === 0) scratch[used++] = ESCAPE;
  }
  scratch[used++] = 0;
}

function encodeBytes(tag: number, part: Uint8Array): void {
  reserve(2 * part.length + 2);
  scratch[used++] = tag;
  for (const byte of part) {
    scratch[used++] = byte;
    if (byte === 0) scratch[used++] = ESCAPE;
  }
  scratch[used++] = 0;
}

/** All bits of a negative number are turned over, and of another the sign: so bytes sort as numbers do. */
function encodeDouble(part: number): void {
  reserve(9);
  double.setFloat64(0, part);
  const negative = double.getUint8(0) >= 0x80;
  scratch[used++] = TAG.double;
  for (let index = 0; index < 8; index++) {
    const byte = double.getUint8(index);
    scratch[used++] = negative ? byte ^ 0xff : index === 0 ? byte ^ 0x80 : byte;
  }
}

function encodeBigint(part: bigint): void {
  if (part === 0n) {
    reserve(1);
    scratch[used++] = TAG.zero;
    return;
  }
  const negative = part < 0n;
  const hex = (negative ? -part : part).toString(16);
  const magnitude = Uint8Array.fromHex(hex.length % 2 === 0 ? hex : `0${hex}`);
  const { length } = magnitude;
  if (length > MAX_BIGINT_BYTES) {
    throw new TypeError(`A bigint in a key cannot have more than ${MAX_BIGINT_BYTES} bytes, got ${length}`);
  }
  reserve(length + 2);
  if (length <= COUNTED) scratch[used++] = negative ? TAG.zero - length : TAG.zero + length;
  else {
    scratch[used++] = negative ? TAG.negativeStart : TAG.positiveEnd;
    scratch[used++] = negative ? length ^ 0xff : length;
  }
  for (const byte of magnitude) scratch[used++] = negative ? byte ^ 0xff : byte;
}

function reserve(more: number): void {
  if (used + more <= scratch.length) return;
  const larger = new Uint8Array(2 * (used + more));
  larger.set(scratch.subarray(0, used));
  scratch = larger;
}

/** @throws {KeyError} when the bytes are no key */
export function decodeKey(bytes: Uint8Array): Deno.KvKeyPart[] {
  const reader = new KeyReader(bytes);
  const parts: Deno.KvKeyPart[] = [];
  while (!reader.done) parts.push(reader.part());
  return parts;
}

class KeyReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get done(): boolean {
    return this.#offset === this.#bytes.length;
  }

  part(): Deno.KvKeyPart {
    const tag = this.#byte();
    switch (tag) {
      case TAG.string:
        return this.#string();
      case TAG.double:
        return this.#double();
      case TAG.bytes:
        return new Uint8Array(this.#escaped());
      case TAG.false:
        return false;
      case TAG.true:
        return true;
      default:
        return this.#bigint(tag);
    }
  }

  /** Text of ASCII without a zero byte, which most is, is taken as it stands. */
  #string(): string {
    const start = this.#offset;
    let end = start;
    for (;; end++) {
      const byte = this.#bytes[end];
      if (byte === undefined || byte > 0x7f) break;
      if (byte !== 0) continue;
      if (this.#bytes[end + 1] === ESCAPE) break;
      this.#offset = end + 1;
      return this.#bytes.toString("latin1", start, end);
    }
    try {
      return decoder.decode(new Uint8Array(this.#escaped()));
    } catch (cause) {
      if (cause instanceof KeyError) throw cause;
      throw new KeyError("A key has a text that is no UTF-8", { cause });
    }
  }

  #escaped(): number[] {
    const content: number[] = [];
    for (;;) {
      const byte = this.#byte();
      if (byte === 0) {
        if (this.#bytes[this.#offset] !== ESCAPE) return content;
        this.#offset++;
      }
      content.push(byte);
    }
  }

  #double(): number {
    const first = this.#byte();
    const negative = first < 0x80;
    double.setUint8(0, negative ? first ^ 0xff : first ^ 0x80);
    for (let index = 1; index < 8; index++) {
      const byte = this.#byte();
      double.setUint8(index, negative ? byte ^ 0xff : byte);
    }
    return double.getFloat64(0);
  }

  #bigint(tag: number): bigint {
    if (tag < TAG.negativeStart || tag > TAG.positiveEnd) {
      throw new KeyError(`A key has an unknown tag: ${tag}`);
    }
    if (tag === TAG.zero) return 0n;
    const negative = tag < TAG.zero;
    const magnitude = this.#take(this.#bigintLength(tag)).map((byte) => negative ? byte ^ 0xff : byte);
    const value = BigInt(`0x${magnitude.toHex() || "0"}`);
    return negative ? -value : value;
  }

  #bigintLength(tag: number): number {
    if (tag === TAG.negativeStart) return this.#byte() ^ 0xff;
    if (tag === TAG.positiveEnd) return this.#byte();
    return Math.abs(tag - TAG.zero);
  }

  #byte(): number {
    const byte = this.#bytes[this.#offset++];
    if (byte === undefined) throw new KeyError("A key is cut off");
    return byte;
  }

  #take(count: number): Uint8Array<ArrayBuffer> {
    const end = this.#offset + count;
    if (end > this.#bytes.length) throw new KeyError("A key is cut off");
    const taken = new Uint8Array(this.#bytes.subarray(this.#offset, end));
    this.#offset = end;
    return taken;
  }
}
