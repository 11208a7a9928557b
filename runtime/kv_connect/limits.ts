/**
 * The limits of Deno KV, kept before anything is sent, with the errors of Deno's own client.
 *
 * @module
 */

/** Limits of Deno KV, in bytes where they end in `Bytes`. */
export const LIMITS = {
  /** A key that is written or watched. */
  writeKeyBytes: 2_048,
  /** A bound of a range, which may be one byte longer than any key. */
  readKeyBytes: 2_049,
  /** A value as it is serialised. */
  valueBytes: 65_536,
  /** Ranges in one read. */
  ranges: 10,
  /** Entries that the ranges of one read ask for together. */
  entries: 1_000,
  /** Checks in one write, as the runtime has it. A denokv server takes 10. */
  checks: 100,
  /** Mutations in one write. */
  mutations: 1_000,
  /** Keys and values of one write together. */
  writeBytes: 819_200,
  /** Keys of the mutations of one write together. */
  writeKeysBytes: 81_920,
  /** Keys of one watch. */
  watchedKeys: 10,
} as const;

/** Keys that can be read at one moment: each is a range. */
export const MAX_READ_KEYS: number = LIMITS.ranges;

/** Checks in one atomic write, as many as Deno KV takes; a denokv server takes 10. */
export const MAX_CHECKS: number = LIMITS.checks;

/** @throws {TypeError} when a bound of a range is too long */
export function assertReadableKey(key: Uint8Array): void {
  if (key.length > LIMITS.readKeyBytes) throw tooLong(LIMITS.readKeyBytes, "read");
}

/** @throws {TypeError} when one read asks for too many ranges */
export function assertRanges(count: number): void {
  if (count > LIMITS.ranges) throw new TypeError(`Too many ranges (max ${LIMITS.ranges})`);
}

/** @throws {TypeError} when one batch of a list is too large */
export function assertEntries(count: number): void {
  if (count > LIMITS.entries) throw new TypeError(`Too many entries (max ${LIMITS.entries})`);
}

/** @throws {TypeError} when one watch has too many keys, or one is too long */
export function assertWatchable(keys: readonly Uint8Array[]): void {
  if (keys.length > LIMITS.watchedKeys) throw new TypeError(`Too many keys (max ${LIMITS.watchedKeys})`);
  for (const key of keys) assertReadableKey(key);
}

/** Adds up what one atomic write consists of. */
export class WriteTally {
  #checks = 0;
  #mutations = 0;
  #keyBytes = 0;
  #totalBytes = 0;
  /** Of the first part that is too large. */
  #fault: TypeError | undefined;

  /** @param key how long it is; so are the parts of a mutation */
  check(key: number): void {
    this.#checks++;
    this.#weigh(key);
  }

  mutation(key: number, value: number | undefined): void {
    this.#mutations++;
    this.#weigh(key);
    if (value === undefined) return;
    if (value > LIMITS.valueBytes) {
      this.#fault ??= new TypeError(`Value too large (max ${LIMITS.valueBytes} bytes)`);
    }
    // Deno's client counts the key of a value twice.
    this.#totalBytes += key + value;
    this.#keyBytes += key;
  }

  /** @throws {TypeError} when the write has too many parts, or they are too large */
  assertWritable(): void {
    if (this.#checks > LIMITS.checks) throw new TypeError(`Too many checks (max ${LIMITS.checks})`);
    if (this.#mutations > LIMITS.mutations) {
      throw new TypeError(`Too many mutations (max ${LIMITS.mutations})`);
    }
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#totalBytes > LIMITS.writeBytes) {
      throw new TypeError(`Total mutation size too large (max ${LIMITS.writeBytes} bytes)`);
    }
    if (this.#keyBytes > LIMITS.writeKeysBytes) {
      throw new TypeError(`Total key size too large (max ${LIMITS.writeKeysBytes} bytes)`);
    }
  }

  #weigh(key: number): void {
    if (key === 0) this.#fault ??= new TypeError("key cannot be empty");
    else if (key > LIMITS.writeKeyBytes) this.#fault ??= tooLong(LIMITS.writeKeyBytes, "write");
    this.#totalBytes += key;
  }
}

function tooLong(max: number, purpose: "read" | "write"): TypeError {
  return new TypeError(`Key too large for ${purpose} (max ${max} bytes)`);
}
