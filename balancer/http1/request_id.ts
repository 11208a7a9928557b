import { encodeHex } from "@std/encoding";
import { ascii } from "./octets.ts";

const RANDOM_OCTETS = 16;
const LETTER_A = 0x61;
const LETTER_F = 0x66;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/**
 * Makes request ids: 32 hexadecimal digits, random for each listener and counted up from there. Two of them are as unlikely to be
 * alike as random ones; they are names, not secrets. Counting changes one digit nearly always, so that an id costs one copy.
 */
export class RequestIds {
  readonly #digits: Uint8Array<ArrayBuffer>;

  /** @param start where counting begins: 32 lower-case hexadecimal digits; default random ones */
  constructor(start: string = encodeHex(crypto.getRandomValues(new Uint8Array(RANDOM_OCTETS)))) {
    this.#digits = ascii(start);
  }

  /** The next id; its octets stay as they are until the one after it is asked for. */
  next(): Uint8Array<ArrayBuffer> {
    const digits = this.#digits;
    for (let at = digits.length - 1; at >= 0; at--) {
      const digit = digits[at] ?? 0;
      if (digit === LETTER_F) {
        digits[at] = DIGIT_0;
        continue;
      }
      digits[at] = digit === DIGIT_9 ? LETTER_A : digit + 1;
      break;
    }
    return digits;
  }
}
