const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
/** Asking for random bytes costs far more than the bytes, so many are asked for at once. */
const POOL = new Uint8Array(4_096);
let used = POOL.length;

/** So many random bytes as lower-case hexadecimal digits, from the platform's secure source; at most 4,096 bytes. */
export function randomHex(bytes: number): string {
  if (used + bytes > POOL.length) {
    crypto.getRandomValues(POOL);
    used = 0;
  }
  let text = "";
  for (const end = used + bytes; used < end; used++) text += PAIRS[POOL[used] ?? 0];
  return text;
}
