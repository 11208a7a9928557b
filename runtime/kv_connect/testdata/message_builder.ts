import { WIRE } from "../wire.ts";

/** A message under construction: fields are appended one after another. */
export class MessageBuilder {
  readonly #bytes: number[] = [];

  varint(field: number, value: number | bigint): this {
    this.#varint(field << 3 | WIRE.varint);
    return this.#varint(value);
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field << 3 | WIRE.bytes);
    this.#varint(value.length);
    for (const byte of value) this.#bytes.push(byte);
    return this;
  }

  build(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes);
  }

  #varint(value: number | bigint): this {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes.push(Number(rest & 0x7fn) | 0x80);
    this.#bytes.push(Number(rest));
    return this;
  }
}
