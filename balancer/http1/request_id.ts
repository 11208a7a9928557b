import { HEX_DIGITS } from "./octets.ts";

const RANDOM_OCTETS = 16;
const POOL = 4_096;

/** Octets of a request id that is made here. */
export const REQUEST_ID_LENGTH = 32;

/** Makes request ids: 128 random bits as 32 hexadecimal digits, from randomness that is fetched for many at once. */
export class RequestIds {
  readonly #random = new Uint8Array(POOL);
  #used = POOL;

  /** Writes a new id at a position. */
  write(bytes: Uint8Array, at: number): void {
    if (this.#used === POOL) {
      crypto.getRandomValues(this.#random);
      this.#used = 0;
    }
    for (let i = 0; i < RANDOM_OCTETS; i++) {
      const octet = this.#random[this.#used++] ?? 0;
      bytes[at + 2 * i] = HEX_DIGITS[octet >> 4] ?? 0;
      bytes[at + 2 * i + 1] = HEX_DIGITS[octet & 15] ?? 0;
    }
  }
}
