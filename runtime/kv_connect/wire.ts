/** Bytes that are no well-formed protobuf message. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** The wire types of protobuf that are in use; groups (3 and 4) are refused. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const TWO_TO_32 = 0x1_0000_0000;

/**
 * Reads the fields of one protobuf message, strictly: a message that is cut off, a varint of more than 64 bits, a field
 * number of 0 or a group is a {@linkcode WireError}. Byte fields are views of the input, not copies.
 *
 * {@link https://protobuf.dev/programming-guides/encoding/}
 */
export class WireReader {
  readonly #bytes: Uint8Array;
  #offset = 0;
  /** Upper half of the varint that was read last. */
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next field's tag (number and wire type), or 0 at the end of the message. */
  tag(): number {
    if (this.#offset === this.#bytes.length) return 0;
    const tag = this.#varint();
    if (this.#high !== 0 || tag >>> 3 === 0) throw new WireError("A field has an invalid number");
    return tag;
  }

  /** A varint's lower 32 bits, as `uint32` and enumerations have it. */
  uint32(tag: number): number {
    this.#expect(tag, WIRE.varint);
    return this.#varint();
  }

  /** A varint's lower 32 bits with their sign. */
  int32(tag: number): number {
    return this.uint32(tag) | 0;
  }

  /** A 64-bit integer with its sign; beyond 2^53 it is rounded, as every time that far off may be. */
  int64(tag: number): number {
    const low = this.uint32(tag);
    return (this.#high | 0) * TWO_TO_32 + low;
  }

  bool(tag: number): boolean {
    const low = this.uint32(tag);
    return low !== 0 || this.#high !== 0;
  }

  /** A byte string, or a message inside this one. */
  bytes(tag: number): Uint8Array {
    this.#expect(tag, WIRE.bytes);
    return this.#slice(this.#length());
  }

  /** Passes over a field that is not known. */
  skip(tag: number): void {
    switch (tag & 7) {
      case WIRE.varint:
        this.#varint();
        return;
      case WIRE.fixed64:
        this.#slice(8);
        return;
      case WIRE.bytes:
        this.#slice(this.#length());
        return;
      case WIRE.fixed32:
        this.#slice(4);
        return;
      default:
        throw new WireError(`Field ${tag >>> 3} has an unknown wire type: ${tag & 7}`);
    }
  }

  #expect(tag: number, type: number): void {
    if ((tag & 7) !== type) throw new WireError(`Field ${tag >>> 3} has the wrong wire type: ${tag & 7}`);
  }

  #length(): number {
    const length = this.#varint();
    if (this.#high !== 0) throw new WireError("A length is out of range");
    return length;
  }

  #slice(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw new WireError("The message is cut off");
    const slice = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return slice;
  }

  #varint(): number {
    let low = 0;
    this.#high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#offset++];
      if (byte === undefined) throw new WireError("The message is cut off");
      const bits = byte & 0x7f;
      if (shift === 63 && byte > 1) break;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        this.#high = bits >>> 4;
      } else this.#high |= bits << (shift - 32);
      if (byte < 0x80) return low >>> 0;
    }
    throw new WireError("A varint has more than 64 bits");
  }
}

/** Bytes that a varint takes; `value` is an integer of at most 32 bits without sign. */
export function varintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

/** Bytes that a varint takes whose `value` is any safe integer without sign. */
export function safeVarintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Bytes that a byte field or an inner message of `length` takes; its field number is below 16. */
export function bytesFieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/**
 * Writes a message whose size is known beforehand, so that nothing is copied twice, or one that grows: then whoever writes
 * reserves what comes next. Field numbers are below 16.
 */
export class WireWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #offset: number;

  /** @param space the message's length, or memory to begin with; `prefix` bytes are left free in front of it */
  constructor(space: number | Uint8Array<ArrayBuffer>, prefix = 0) {
    this.#bytes = typeof space === "number" ? new Uint8Array(prefix + space) : space;
    this.#offset = prefix;
  }

  /** All of its memory. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** Bytes written, with those in front. */
  get length(): number {
    return this.#offset;
  }

  /** Sees to it that so many more bytes fit. What is reserved need not be zero. */
  reserve(more: number): void {
    if (this.#offset + more <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#offset + more));
    larger.set(this.#bytes.subarray(0, this.#offset));
    this.#bytes = larger;
  }

  /** Fields that were written elsewhere. */
  raw(fields: Uint8Array): void {
    this.#bytes.set(fields, this.#offset);
    this.#offset += fields.length;
  }

  varint(field: number, value: number): void {
    this.#bytes[this.#offset++] = field << 3;
    this.rawVarint(value);
  }

  /** A field of a safe integer without sign, as times have it. */
  safeVarint(field: number, value: number): void {
    this.#bytes[this.#offset++] = field << 3;
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#offset++] = rest % 0x80 | 0x80;
    this.#bytes[this.#offset++] = rest;
  }

  bytesField(field: number, value: Uint8Array): void {
    this.header(field, value.length);
    this.#bytes.set(value, this.#offset);
    this.#offset += value.length;
  }

  /** A byte field of the first bytes of others; of so few that to copy them one by one costs less than a view of them. */
  shortField(
    field: number,
    { bytes, length }: { readonly bytes: Uint8Array; readonly length: number },
  ): void {
    this.header(field, length);
    const start = this.#offset;
    const target = this.#bytes;
    for (let index = 0; index < length; index++) target[start + index] = bytes[index] ?? 0;
    this.#offset = start + length;
  }

  /** A byte field of `size` bytes that the caller writes; returns where they begin. */
  room(field: number, size: number): number {
    this.header(field, size);
    const start = this.#offset;
    this.#offset += size;
    return start;
  }

  /** The head of an inner message of `size` bytes, which are to be written next. */
  header(field: number, size: number): void {
    this.#bytes[this.#offset++] = field << 3 | WIRE.bytes;
    this.rawVarint(size);
  }

  /** A number without a tag, inside a packed field. */
  rawVarint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#offset++] = rest & 0x7f | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#offset++] = rest;
  }
}
