import { decodeBase64, encodeBase64 } from "@std/encoding";
import type { Argon2Parameters } from "./argon2id.ts";

/** A password's hash with all that is needed to check it. */
export interface EncodedHash {
  readonly parameters: Argon2Parameters;
  readonly salt: Uint8Array;
  readonly tag: Uint8Array;
}

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=1\$([\w+/]+)\$([\w+/]+)$/;

/**
 * Writes a hash in the PHC string format, which other argon2 libraries read.
 *
 * @example
 * ```ts
 * import { encodePhc } from "./phc.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [salt, tag] = [new Uint8Array(6), new Uint8Array(3)];
 * const text = encodePhc({ parameters: { memory: 19_456, passes: 2 }, salt, tag });
 * assertEquals(text, "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAA$AAAA");
 * ```
 */
export function encodePhc({ parameters, salt, tag }: EncodedHash): string {
  const { memory, passes } = parameters;
  return `$argon2id$v=19$m=${memory},t=${passes},p=1$${unpadded(salt)}$${unpadded(tag)}`;
}

/** Reads what {@linkcode encodePhc} wrote; `undefined` when it is anything else. */
export function decodePhc(text: string): EncodedHash | undefined {
  const [, memory, passes, salt, tag] = PHC.exec(text) ?? [];
  if (salt === undefined || tag === undefined) return undefined;
  const parameters = { memory: Number(memory), passes: Number(passes) };
  return { parameters, salt: decodeBase64(padded(salt)), tag: decodeBase64(padded(tag)) };
}

function unpadded(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("=", "");
}

function padded(text: string): string {
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}
