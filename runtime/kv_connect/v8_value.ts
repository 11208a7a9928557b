/**
 * Values in the format of V8's `ValueSerializer`, which is how Deno KV stores them.
 *
 * Text, numbers, booleans, bytes, and plain objects and arrays of these, which most values are made of, are written and read
 * here: through `node:v8` each takes some 20 µs more (measured with Deno 2.9.6). `node:v8` does everything else.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { deserialize, Serializer } from "node:v8";

/** Versions of the format whose tags mean the same; written is the last. */
const VERSIONS = { oldest: 13, newest: 15 } as const;
const HEADER_LENGTH = 2;

const TAG = {
  version: 0xff,
  padding: 0x00,
  undefined: 0x5f,
  null: 0x30,
  true: 0x54,
  false: 0x46,
  int32: 0x49,
  uint32: 0x55,
  double: 0x4e,
  oneByteString: 0x22,
  twoByteString: 0x63,
  object: 0x6f,
  objectEnd: 0x7b,
  array: 0x41,
  arrayEnd: 0x24,
  buffer: 0x42,
  view: 0x56,
  uint8View: 0x42,
} as const;
/** The first version that says of a view whether its length follows the buffer's. */
const VIEW_FLAGS = 14;

/** Integers that V8 itself writes as such. */
const SMALL = 2 ** 31;
/** Objects within objects; beyond, and where they contain themselves, V8 knows what to do. */
const MAX_DEPTH = 64;

/** The value has something in it that is left to V8. */
class NotPlainError extends Error {
  override readonly name = "NotPlainError";
}

/** Made once: a trace of the stack would cost more than the value. */
const NOT_PLAIN = new NotPlainError("The value is left to V8");

/**
 * Serialises a value.
 *
 * @throws {Error} when it has what cannot be stored, such as a function
 */
export function encodeV8(value: unknown): Uint8Array {
  const writer = spare ?? new PlainWriter();
  // A getter of the value may come back here.
  spare = undefined;
  try {
    return writer.serialise(value);
  } catch (error) {
    if (error !== NOT_PLAIN) throw error;
    return encodeNatively(value);
  } finally {
    spare = writer;
  }
}

/** `serialize` of `node:v8` would write typed arrays in a way of Node's own. */
function encodeNatively(value: unknown): Uint8Array {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

/**
 * Reads a serialised value.
 *
 * @throws {Error} when the bytes are none
 */
export function decodeV8(bytes: Uint8Array): unknown {
  try {
    return new PlainReader(bytes).value();
  } catch (error) {
    if (error !== NOT_PLAIN) throw error;
    return deserialize(bytes);
  }
}

class PlainWriter {
  #bytes = Buffer.allocUnsafeSlow(16_384);
  #offset = 0;
  #seen = new Set<object>();

  /** @throws {NotPlainError} {@linkcode NOT_PLAIN} */
  serialise(value: unknown): Uint8Array<ArrayBuffer> {
    this.#bytes[0] = TAG.version;
    this.#bytes[1] = VERSIONS.newest;
    this.#offset = HEADER_LENGTH;
    // Never cleared: the table of a set that is cleared, or grows, leads to the next one, and what is old would keep all that follow.
    this.#seen = new Set();
    this.#write(value, 0);
    return new Uint8Array(this.#bytes.subarray(0, this.#offset));
  }

  #write(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        return this.#string(value);
      case "number":
        return this.#number(value);
      case "boolean":
        return this.#tag(value ? TAG.true : TAG.false);
      case "undefined":
        return this.#tag(TAG.undefined);
      case "object":
        return value === null ? this.#tag(TAG.null) : this.#object(value, depth);
      default:
        throw NOT_PLAIN;
    }
  }

  #object(value: object, depth: number): void {
    // What stands in a value twice is to be one object when it is read.
    if (depth === MAX_DEPTH || this.#seen.has(value)) throw NOT_PLAIN;
    this.#seen.add(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) this.#record(value, depth);
    else if (prototype === Array.prototype && Array.isArray(value)) this.#array(value, depth);
    else if (prototype === Uint8Array.prototype && value instanceof Uint8Array) this.#view(value);
    else throw NOT_PLAIN;
  }

  #record(value: object, depth: number): void {
    this.#tag(TAG.object);
    let count = 0;
    for (const [name, part] of Object.entries(value)) {
      // V8 writes the name of an element as a number.
      if (isDigit(name.charCodeAt(0))) throw NOT_PLAIN;
      this.#string(name);
      this.#write(part, depth + 1);
      count++;
    }
    this.#tag(TAG.objectEnd);
    this.#varint(count);
  }

  #array(value: readonly unknown[], depth: number): void {
    // One with gaps, or with names besides its elements, has another number of keys.
    if (Object.keys(value).length !== value.length) throw NOT_PLAIN;
    this.#tag(TAG.array);
    this.#varint(value.length);
    for (const part of value) this.#write(part, depth + 1);
    this.#tag(TAG.arrayEnd);
    this.#varint(0);
    this.#varint(value.length);
  }

  /** A view comes behind its buffer, of which V8 writes all and this what the view shows. */
  #view(value: Uint8Array): void {
    const { buffer, length } = value;
    const plain = buffer instanceof ArrayBuffer && !buffer.resizable && !this.#seen.has(buffer);
    if (!plain) throw NOT_PLAIN;
    this.#seen.add(buffer);
    this.#tag(TAG.buffer);
    this.#varint(length);
    this.#reserve(length);
    this.#bytes.set(value, this.#offset);
    this.#offset += length;
    this.#tag(TAG.view);
    this.#tag(TAG.uint8View);
    this.#varint(0);
    this.#varint(length);
    this.#varint(0);
  }

  #string(value: string): void {
    const { length } = value;
    this.#reserve(2 * length + 7);
    const bytes = this.#bytes;
    const start = this.#offset;
    this.#tag(TAG.oneByteString);
    this.#varint(length);
    const first = this.#offset;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0xff) {
        this.#offset = start;
        return this.#twoByteString(value);
      }
      bytes[first + index] = code;
    }
    this.#offset = first + length;
  }

  /** V8 wants its characters at an even place. */
  #twoByteString(value: string): void {
    const size = 2 * value.length;
    const headed = this.#offset + 1 + (size < 0x80 ? 1 : size < 0x4000 ? 2 : size < 0x20_0000 ? 3 : 4);
    if (headed % 2 === 1) this.#tag(TAG.padding);
    this.#tag(TAG.twoByteString);
    this.#varint(size);
    this.#offset += this.#bytes.write(value, this.#offset, "utf16le");
  }

  #number(value: number): void {
    this.#reserve(9);
    if (Number.isInteger(value) && value < SMALL && value >= -SMALL && !Object.is(value, -0)) {
      this.#tag(TAG.int32);
      this.#varint((value << 1 ^ value >> 31) >>> 0);
    } else {
      this.#tag(TAG.double);
      this.#offset = this.#bytes.writeDoubleLE(value, this.#offset);
    }
  }

  #tag(tag: number): void {
    this.#reserve(1);
    this.#bytes[this.#offset++] = tag;
  }

  #varint(value: number): void {
    this.#reserve(5);
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.#offset++] = rest & 0x7f | 0x80;
    this.#bytes[this.#offset++] = rest;
  }

  #reserve(more: number): void {
    if (this.#offset + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#offset + more));
    larger.set(this.#bytes.subarray(0, this.#offset));
    this.#bytes = larger;
  }
}

/** Kept from one value to the next. */
let spare: PlainWriter | undefined;

class PlainReader {
  readonly #bytes: Buffer;
  readonly #version: number;
  #offset = HEADER_LENGTH;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#version = this.#bytes[1] ?? 0;
    const known = this.#version >= VERSIONS.oldest && this.#version <= VERSIONS.newest;
    if (this.#bytes[0] !== TAG.version || !known) throw NOT_PLAIN;
  }

  /** @throws {NotPlainError} {@linkcode NOT_PLAIN} */
  value(): unknown {
    const tag = this.#tag();
    switch (tag) {
      case TAG.oneByteString:
        return this.#text("latin1");
      case TAG.twoByteString:
        return this.#text("utf16le");
      case TAG.int32: {
        const zigzag = this.#varint();
        return zigzag >>> 1 ^ -(zigzag & 1);
      }
      case TAG.uint32:
        return this.#varint();
      case TAG.double:
        return this.#bytes.readDoubleLE(this.#take(8));
      case TAG.object:
        return this.#record();
      case TAG.array:
        return this.#array();
      case TAG.buffer:
        return this.#view();
      case TAG.null:
        return null;
      case TAG.true:
        return true;
      case TAG.false:
        return false;
      case TAG.undefined:
        return undefined;
      default:
        throw NOT_PLAIN;
    }
  }

  #record(): Record<string, unknown> {
    this.#descend();
    const record: Record<string, unknown> = {};
    let count = 0;
    for (; this.#bytes[this.#offset] !== TAG.objectEnd; count++) {
      const name = this.value();
      // To set the one would change what the object is, and not what it has.
      if (typeof name !== "string" || name === "__proto__") throw NOT_PLAIN;
      record[name] = this.value();
    }
    this.#offset++;
    if (this.#varint() !== count) throw NOT_PLAIN;
    this.#depth--;
    return record;
  }

  #descend(): void {
    if (this.#depth++ === MAX_DEPTH) throw NOT_PLAIN;
  }

  #array(): unknown[] {
    this.#descend();
    const length = this.#varint();
    const array: unknown[] = [];
    for (let index = 0; index < length; index++) array.push(this.value());
    if (this.#tag() !== TAG.arrayEnd || this.#varint() !== 0 || this.#varint() !== length) throw NOT_PLAIN;
    this.#depth--;
    return array;
  }

  /** A buffer with a view of it; one without, and a view of another kind, are left to V8. */
  #view(): Uint8Array {
    const length = this.#varint();
    const start = this.#take(length);
    if (this.#tag() !== TAG.view || this.#tag() !== TAG.uint8View || this.#version < VIEW_FLAGS) {
      throw NOT_PLAIN;
    }
    const [viewOffset, viewLength, flags] = [this.#varint(), this.#varint(), this.#varint()];
    if (flags !== 0 || viewOffset + viewLength > length) throw NOT_PLAIN;
    const whole = new Uint8Array(this.#bytes.subarray(start, start + length));
    return viewLength === length ? whole : new Uint8Array(whole.buffer, viewOffset, viewLength);
  }

  #text(encoding: "latin1" | "utf16le"): string {
    const length = this.#varint();
    const start = this.#take(length);
    return this.#bytes.toString(encoding, start, start + length);
  }

  #tag(): number {
    let tag = this.#bytes[this.#offset++];
    while (tag === TAG.padding) tag = this.#bytes[this.#offset++];
    if (tag === undefined) throw NOT_PLAIN;
    return tag;
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#offset++];
      if (byte === undefined) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw NOT_PLAIN;
  }

  /** Where the next bytes begin, which are passed over. */
  #take(count: number): number {
    const start = this.#offset;
    if (start + count > this.#bytes.length) throw NOT_PLAIN;
    this.#offset += count;
    return start;
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
