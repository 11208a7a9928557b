import { ProblemError } from "@flotilla/runtime";
import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { encodeBase64Url } from "@std/encoding";

/** Makes and checks the tokens that prove that a page of ours asked. */
export interface FormTokens {
  /** The token of a session. */
  of(session: string): Promise<string>;
  /**
   * Lets a request pass that came with its session's token.
   *
   * @throws {ProblemError} 403 otherwise
   */
  require(given: string | null | undefined, session: string): Promise<void>;
}

/**
 * Tokens against forged requests: an HMAC-SHA256 of the session, so that every gateway with the same key takes them and none keeps
 * them.
 *
 * @param key the key that all roles share; the one used here is derived from it
 */
export function createFormTokens(key: string): FormTokens {
  const encoder = new TextEncoder();
  let derived: Promise<CryptoKey> | undefined;

  function hmacKey(): Promise<CryptoKey> {
    const bytes = encoder.encode(`flotilla dashboard forms\n${key}`);
    return derived ??= crypto.subtle.digest("SHA-256", bytes).then((digest) =>
      crypto.subtle.importKey("raw", digest, { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
    );
  }

  async function of(session: string): Promise<string> {
    const mac = await crypto.subtle.sign("HMAC", await hmacKey(), encoder.encode(session));
    return encodeBase64Url(mac);
  }

  return {
    of,
    async require(given, session) {
      const shown = encoder.encode(given ?? "");
      const due = encoder.encode(await of(session));
      if (shown.byteLength === due.byteLength && timingSafeEqual(shown, due)) return;
      throw new ProblemError(403, "The page is out of date: load it again");
    },
  };
}
