/**
 * A key's bytes as a string that no other key has, a character for each, to look it up in a `Map`. Such strings are in the order of
 * their keys.
 */
export function keyId(key: Uint8Array): string {
  // Measured against decoders and loops: several times faster for keys of some dozen bytes. No key is too long for arguments.
  return Reflect.apply(String.fromCharCode, null, key);
}
