import { argon2id } from "hash-wasm";

/** What argon2id costs (RFC 9106, section 3.1). */
export interface Argon2Parameters {
  /** Memory in KiB (`m`). */
  readonly memory: number;
  /** Passes over the memory (`t`). */
  readonly passes: number;
  /** Lanes (`p`). */
  readonly lanes: number;
}

/** OWASP's first choice for argon2id with little memory. */
export const OWASP_PARAMETERS: Argon2Parameters = { memory: 19_456, passes: 2, lanes: 1 };

/** One derivation. */
export interface Argon2Job {
  readonly password: string;
  readonly salt: Uint8Array;
  readonly parameters: Argon2Parameters;
}

const HASH_LENGTH = 32;

/** The argon2id tag of a password, 32 bytes. Blocks the thread that it is called on. */
export function deriveArgon2id(job: Argon2Job): Promise<Uint8Array> {
  const { password, salt, parameters } = job;
  return argon2id({
    password,
    salt,
    memorySize: parameters.memory,
    iterations: parameters.passes,
    parallelism: parameters.lanes,
    hashLength: HASH_LENGTH,
    outputType: "binary",
  });
}
