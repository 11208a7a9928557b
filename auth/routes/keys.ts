import type { Hono } from "hono";
import { KEYS_PATH } from "../access_token.ts";
import type { KeyRing } from "../key_ring.ts";
import { addPath, type AuthEnvironment } from "../method_table.ts";

/** The public keys as a JWK set (RFC 7517, section 5), to be cached for `maxAge` seconds. */
export function addKeyRoutes(
  app: Hono<AuthEnvironment>,
  { keys, maxAge }: { keys: KeyRing; maxAge: number },
): void {
  addPath(app, KEYS_PATH, {
    GET: async () => {
      await keys.signer();
      const headers = {
        "content-type": "application/jwk-set+json",
        "cache-control": `public, max-age=${maxAge}`,
      };
      return new Response(JSON.stringify({ keys: await keys.published() }), { headers });
    },
  });
}
