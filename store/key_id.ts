/** Maps each of the 256 bytes to a character of its own, natively. */
const decoder = new TextDecoder("windows-1252");

/** A key's bytes as a string that no other key has, to look it up in a `Map`. */
export function keyId(key: Uint8Array): string {
  return decoder.decode(key);
}
