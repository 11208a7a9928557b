import { isCommon } from "./common_password.ts";
import { isPredictable } from "./predictable.ts";

/** Fewest characters of a password. */
export const SHORTEST_PASSWORD = 12;

/**
 * Why a password cannot be taken, for its owner to read; `undefined` when it can. There are no rules about kinds of
 * characters, which make passwords worse (NIST SP 800-63B-4, section 3.1.1.2).
 *
 * @example
 * ```ts
 * import { passwordFault } from "@flotilla/auth";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(passwordFault("a wet, quiet harbour", { username: "ann" }), undefined);
 * assertEquals(passwordFault("short", { username: "ann" }), "it must have at least 12 characters, and has 5");
 * ```
 */
export function passwordFault(password: string, { username }: { username: string }): string | undefined {
  const text = password.normalize("NFKC");
  const { length } = [...text];
  if (length < SHORTEST_PASSWORD) {
    return `it must have at least ${SHORTEST_PASSWORD} characters, and has ${length}`;
  }
  if (isPredictable(text)) return "its characters follow from each other: it is a sequence or a repetition";
  if (isCommon(text)) return "it is made of common words that are tried first";
  const rest = text.toLowerCase().replaceAll(username.toLowerCase(), "");
  if (rest.length < text.length && [...rest].length < SHORTEST_PASSWORD - 4) {
    return "it is made of the username";
  }
  return undefined;
}
