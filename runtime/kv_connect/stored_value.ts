import { ENCODING } from "./datapath.ts";
import { decodeV8, encodeV8 } from "./v8_value.ts";

/** A value and its encoding, as they are stored. */
export interface StoredValue {
  readonly data: Uint8Array;
  readonly encoding: number;
}

/**
 * A value as Deno KV stores it: bytes as they are (no copy of them), a `Deno.KvU64` in eight bytes, all else in the format of V8.
 *
 * @throws {Error} when it has what cannot be stored, such as a function
 */
export function encodeValue(value: unknown): StoredValue {
  if (value instanceof Uint8Array) return { data: value, encoding: ENCODING.bytes };
  if (value instanceof Deno.KvU64) return { data: encodeLe64(value.value), encoding: ENCODING.le64 };
  return { data: encodeV8(value), encoding: ENCODING.v8 };
}

/** @throws {Error} when the bytes are not what their encoding says */
export function decodeValue({ data, encoding }: StoredValue): unknown {
  switch (encoding) {
    case ENCODING.v8:
      return decodeV8(data);
    case ENCODING.bytes:
      return new Uint8Array(data);
    case ENCODING.le64:
      return new Deno.KvU64(new DataView(data.buffer, data.byteOffset, data.length).getBigUint64(0, true));
    default:
      throw new TypeError(`Cannot read a value: its encoding ${encoding} is unknown`);
  }
}

/** An unsigned 64-bit integer in eight bytes, least significant first. */
export function encodeLe64(value: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}
