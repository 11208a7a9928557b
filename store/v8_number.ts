/**
 * Numbers and bigints in the format of V8's `ValueSerializer`, which is how Deno KV stores values. Nothing else of the
 * format is needed to add to a stored number, and nothing else is read.
 *
 * @module
 */

/** A value that arithmetic works on. */
export type V8Number = number | bigint;

const HEADER = [0xff, 0x0f] as const;
const TAG = { version: 0xff, padding: 0x00, int32: 0x49, uint32: 0x55, double: 0x4e, bigint: 0x5a } as const;

/** Reads a serialised number or bigint; `undefined` for everything else. */
export function decodeV8Number(bytes: Uint8Array): V8Number | undefined {
  let offset = 0;
  if (bytes[offset] !== TAG.version) return undefined;
  [, offset] = varint(bytes, offset + 1);
  while (bytes[offset] === TAG.padding) offset++;
  const tag = bytes[offset++];
  switch (tag) {
    case TAG.int32: {
      const [zigzag, end] = varint(bytes, offset);
      return end > bytes.length ? undefined : (zigzag >>> 1) ^ -(zigzag & 1);
    }
    case TAG.uint32: {
      const [value, end] = varint(bytes, offset);
      return end > bytes.length ? undefined : value;
    }
    case TAG.double:
      return offset + 8 > bytes.length
        ? undefined
        : new DataView(bytes.buffer, bytes.byteOffset).getFloat64(offset, true);
    case TAG.bigint:
      return decodeBigint(bytes, offset);
    default:
      return undefined;
  }
}

function decodeBigint(bytes: Uint8Array, start: number): bigint | undefined {
  const [bitfield, offset] = varint(bytes, start);
  const length = bitfield >>> 1;
  if (offset + length > bytes.length) return undefined;
  if (length === 0) return 0n;
  const magnitude = BigInt(`0x${bytes.slice(offset, offset + length).reverse().toHex()}`);
  return (bitfield & 1) === 1 ? -magnitude : magnitude;
}

/** Serialises a number (always as a double) or a bigint. */
export function encodeV8Number(value: V8Number): Uint8Array<ArrayBuffer> {
  if (typeof value === "bigint") return encodeBigint(value);
  const bytes = new Uint8Array(HEADER.length + 9);
  bytes.set([...HEADER, TAG.double]);
  new DataView(bytes.buffer).setFloat64(HEADER.length + 1, value, true);
  return bytes;
}

function encodeBigint(value: bigint): Uint8Array<ArrayBuffer> {
  const negative = value < 0n;
  const hex = value === 0n ? "" : (negative ? -value : value).toString(16);
  // V8 keeps bigints in digits of 64 bits and writes whole digits.
  const digits = Uint8Array.fromHex(hex.padStart(Math.ceil(hex.length / 16) * 16, "0")).reverse();
  const head: number[] = [...HEADER, TAG.bigint];
  let bitfield = digits.length * 2 + (negative ? 1 : 0);
  for (; bitfield > 0x7f; bitfield >>>= 7) head.push(bitfield & 0x7f | 0x80);
  head.push(bitfield);
  const bytes = new Uint8Array(head.length + digits.length);
  bytes.set(head);
  bytes.set(digits, head.length);
  return bytes;
}

/** A varint of 32 bits and where it ends; past the end of the input when it is cut off. */
function varint(bytes: Uint8Array, start: number): [value: number, end: number] {
  let value = 0;
  let offset = start;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[offset++];
    if (byte === undefined) return [0, bytes.length + 1];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, offset];
  }
  return [0, bytes.length + 1];
}
