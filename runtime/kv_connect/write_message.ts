import { MUTATION } from "./datapath.ts";
import { encodeTransiently } from "./key_codec.ts";
import { WriteTally } from "./limits.ts";
import type { Message } from "./messages.ts";
import type { StoredValue } from "./stored_value.ts";
import { bytesFieldSize, safeVarintSize, WireWriter } from "./wire.ts";

/** Kinds of mutation. */
export type MutationType = keyof typeof MUTATION;

/** What a mutation has besides its key. */
export interface MutationContent {
  readonly type: MutationType;
  readonly value?: StoredValue | undefined;
  /** Milliseconds since the epoch; 0 for never. @default 0 */
  readonly expireAt?: number;
}

/** Bytes of memory that a message begins with. */
const FIRST_BYTES = 1_024;
const ABSENT = new Uint8Array();
/** A versionstamp in bytes, the last one that was asked for. */
const stamp = new Uint8Array(10);

/**
 * An `AtomicWrite` that is written while it is told what it consists of: keys and values are copied once, to where they are
 * sent from, and nothing else is made of them.
 */
export class WriteMessage implements Message {
  readonly #writer = new WireWriter(new Uint8Array(FIRST_BYTES));
  readonly #tally = new WriteTally();

  get size(): number {
    return this.#writer.length;
  }

  /** @throws {TypeError} when the key, or the versionstamp, cannot be */
  check(key: Deno.KvKey, versionstamp: string | null): void {
    const name = encodeTransiently(key);
    const bytes = versionstamp === null ? ABSENT : stampOf(versionstamp);
    const size = bytesFieldSize(name.length) + bytesFieldSize(bytes.length);
    this.#tally.check(name.length);
    this.#writer.reserve(bytesFieldSize(size));
    this.#writer.header(1, size);
    this.#writer.shortField(1, name);
    this.#writer.bytesField(2, bytes);
  }

  /** @throws {TypeError} when the key cannot be */
  mutate(key: Deno.KvKey, { type, value, expireAt = 0 }: MutationContent): void {
    const name = encodeTransiently(key);
    const valueSize = value === undefined ? 0 : bytesFieldSize(value.data.length) + 2;
    const size = bytesFieldSize(name.length) + (value === undefined ? 0 : bytesFieldSize(valueSize)) + 2 +
      (expireAt === 0 ? 0 : 1 + safeVarintSize(expireAt));
    this.#tally.mutation(name.length, value?.data.length);
    const writer = this.#writer;
    writer.reserve(bytesFieldSize(size));
    writer.header(2, size);
    writer.shortField(1, name);
    if (value !== undefined) {
      writer.header(2, valueSize);
      writer.bytesField(1, value.data);
      writer.varint(2, value.encoding);
    }
    writer.varint(3, MUTATION[type]);
    if (expireAt !== 0) writer.safeVarint(4, expireAt);
  }

  /** @throws {TypeError} when it has too many parts, or they are too large */
  assertWritable(): void {
    this.#tally.assertWritable();
  }

  write(writer: WireWriter): void {
    writer.raw(this.#writer.bytes.subarray(0, this.size));
  }
}

/** @throws {TypeError} when it is no versionstamp */
function stampOf(text: string): Uint8Array {
  if (text.length !== 2 * stamp.length) throw new TypeError("invalid versionstamp");
  for (let index = 0; index < stamp.length; index++) {
    stamp[index] = digit(text, 2 * index) << 4 | digit(text, 2 * index + 1);
  }
  return stamp;
}

/** The value of a hexadecimal digit. */
function digit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  if (letter >= 0x61 && letter <= 0x66) return letter - 0x57;
  throw new TypeError("invalid versionstamp");
}
