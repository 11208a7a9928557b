/** What argon2id costs (RFC 9106, section 3.1), in one lane. */
export interface Argon2Parameters {
  /** Memory in KiB (`m`). */
  readonly memory: number;
  /** Passes over the memory (`t`). */
  readonly passes: number;
}

/** OWASP's first choice for argon2id with little memory. */
export const OWASP_PARAMETERS: Argon2Parameters = { memory: 19_456, passes: 2 };

/** Bytes of a salt, the only length that libsodium takes. */
export const SALT_LENGTH = 16;

/** One derivation. */
export interface Argon2Job {
  readonly password: string;
  /** {@linkcode SALT_LENGTH} bytes. */
  readonly salt: Uint8Array;
  readonly parameters: Argon2Parameters;
}

const HASH_LENGTH = 32;

/** The argon2id tag of a password, 32 bytes. Blocks the thread that it is called on. */
export async function deriveArgon2id(job: Argon2Job): Promise<Uint8Array> {
  const { password, salt, parameters: { memory, passes } } = job;
  const sodium = await libsodium();
  const { crypto_pwhash_ALG_ARGON2ID13: algorithm } = sodium;
  return sodium.crypto_pwhash(HASH_LENGTH, password, salt, passes, 1_024 * memory, algorithm);
}

/**
 * The library keeps its heap from one hash to the next. One that takes fresh memory for each has the kernel fill in
 * 9,700 pages a time, which is a quarter of the hash's time and holds up every other process where pages are dear.
 */
async function libsodium(): Promise<(typeof import("libsodium-wrappers-sumo"))["default"]> {
  const { default: sodium } = await import("libsodium-wrappers-sumo");
  await sodium.ready;
  return sodium;
}
