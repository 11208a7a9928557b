// What a token costs: seen before, as in nearly every request, and new. The first must stay under 5 µs.
//   deno bench gateway/token_check_bench.ts
import {
  createTokenVerifier,
  fixedKeys,
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  TOKEN_TYPE,
} from "@flotilla/auth/verify";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { createAdmission } from "./admission.ts";
import { createLocalPermitStore } from "./limits/local_permit_store.ts";
import { createRateLimiter } from "./limits/rate_limiter.ts";
import { systemClock } from "@flotilla/runtime";

const { privateKey, publicKey } = await generateKeyPair(TOKEN_ALGORITHM, { extractable: true });
const { x = "" } = await exportJWK(publicKey);
const keys = await fixedKeys([{ kty: "OKP", crv: "Ed25519", x, kid: "k-1", alg: "EdDSA", use: "sig" }]);
const verifier = createTokenVerifier({ keys, isRevoked: () => false });
const token = await new SignJWT({ sid: "s-1", role: "user", rights: ["data:read"] })
  .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid: "k-1" })
  .setIssuer(TOKEN_ISSUER).setAudience(TOKEN_AUDIENCE).setSubject("ann").setJti("t-1")
  .setIssuedAt().setNotBefore("0 s").setExpirationTime("1 h").sign(privateKey);
await verifier.verify(token);

Deno.bench("token seen before: TokenVerifier.peek()", () => {
  if (verifier.peek(token) === undefined) throw new Error("The token was forgotten");
});

const policy = { name: "caller", quota: 100_000_000, window: 60_000 };
const caller = createRateLimiter({ policy, store: createLocalPermitStore() });
const admission = createAdmission({ verifier, limiters: { caller }, clock: systemClock });
const request = new Request("http://gateway/data", { headers: { authorization: `Bearer ${token}` } });

Deno.bench("token seen before, right and limit checked: Admission.admit()", async () => {
  await admission.admit({ request, access: "data:read", address: "192.0.2.1", fields: new Headers() });
});

Deno.bench("new token: TokenVerifier.verify()", async () => {
  await createTokenVerifier({ keys }).verify(token);
});
