import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { encodeBase64Url } from "@std/encoding";
import { deriveKey } from "./derived_key.ts";

/** What a refresh token says: the turn of a session that it stands for. */
export interface RefreshClaim {
  readonly session: string;
  /** 0 for the token of the sign-in, one more with each refresh. */
  readonly generation: number;
}

/** Makes and checks refresh tokens. */
export interface RefreshTokens {
  /** The one token of this turn: the same claim always gives the same token. */
  make(claim: RefreshClaim): Promise<string>;
  /** What a token says, when it is one of ours; `undefined` otherwise. */
  read(token: string): Promise<RefreshClaim | undefined>;
}

const SHAPE = /^([0-9a-z-]{10,80})\.(\d{1,9})\.[\w-]{43}$/;

/**
 * Refresh tokens that carry their session and turn, authenticated with HMAC-SHA256 under a key derived from the internal
 * one. Nothing secret is stored for them, and the token of a turn can be told again to a client that lost the answer.
 */
export function createRefreshTokens(internalKey: string): RefreshTokens {
  const hmacKey = deriveKey(internalKey, "refresh-token").then((bytes) =>
    crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
  );
  const encoder = new TextEncoder();

  async function make({ session, generation }: RefreshClaim): Promise<string> {
    const claim = `${session}.${generation}`;
    const mac = await crypto.subtle.sign("HMAC", await hmacKey, encoder.encode(claim));
    return `${claim}.${encodeBase64Url(mac)}`;
  }

  return {
    make,
    async read(token) {
      const [, session, generation] = SHAPE.exec(token) ?? [];
      if (session === undefined || generation === undefined) return undefined;
      const claim = { session, generation: Number(generation) };
      const [given, right] = [encoder.encode(token), encoder.encode(await make(claim))];
      return given.length === right.length && timingSafeEqual(given, right) ? claim : undefined;
    },
  };
}
