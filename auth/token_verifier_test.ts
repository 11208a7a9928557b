import { ProblemError } from "@flotilla/runtime";
import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { encodeBase64Url } from "@std/encoding";
import { SignJWT } from "jose";
import { RIGHTS } from "./principal.ts";
import { makeKey, type TokenChanges, tokenFixture } from "./testdata/token_fixture.ts";
import { TokenError, type TokenErrorCode } from "./token_error.ts";
import { createTokenVerifier } from "./token_verifier.ts";
import { fixedKeys } from "./trusted_keys.ts";

const encode = (value: unknown) => encodeBase64Url(JSON.stringify(value));

Deno.test("TokenVerifier.verify() tells who a token speaks of", async () => {
  const { verifier, token, clock } = await tokenFixture();
  assertEquals(await verifier.verify(await token()), {
    subject: "ann",
    role: "user",
    rights: [...RIGHTS.user],
    session: "k0-session",
    tokenId: "t-0",
    expires: clock.now() / 1_000 + 900,
  });
});

const wrong: readonly (readonly [string, TokenChanges, TokenErrorCode])[] = [
  ["another type (RFC 8725, 3.11)", { header: { typ: "JWT" } }, "header"],
  ["no type", { header: { typ: undefined } }, "header"],
  ["no key id", { header: { kid: undefined } }, "header"],
  ["a key id that is not trusted", { header: { kid: "k-2" } }, "unknown_key"],
  ["a critical header that is not known", { header: { crit: ["x-own"], "x-own": 1 } }, "header"],
  ["another issuer (3.8)", { claims: { iss: "somebody" } }, "foreign"],
  ["another audience (3.9)", { claims: { aud: "another-api" } }, "foreign"],
  ["no audience", { claims: { aud: undefined } }, "malformed"],
  ["no subject", { claims: { sub: undefined } }, "malformed"],
  ["no id", { claims: { jti: undefined } }, "malformed"],
  ["no expiry", { claims: { exp: undefined } }, "malformed"],
  ["an expiry in words", { claims: { exp: "tomorrow" } }, "malformed"],
  ["no session", { claims: { sid: undefined } }, "malformed"],
  ["a role that there is not", { claims: { role: "root" } }, "malformed"],
  ["a right that there is not", { claims: { rights: ["everything"] } }, "malformed"],
];
for (const [what, changes, code] of wrong) {
  Deno.test(`TokenVerifier.verify() refuses ${what}`, async () => {
    const { verifier, token } = await tokenFixture();
    const error = await assertRejects(async () => verifier.verify(await token(changes)), ProblemError);
    assertInstanceOf(error, TokenError);
    assertEquals([error.code, error.status], [code, 401]);
  });
}

Deno.test("TokenVerifier.verify() refuses a token that is over or not yet valid, beyond the clocks' tolerance", async () => {
  const { verifier, token, clock } = await tokenFixture();
  const now = clock.now() / 1_000;
  const code = async (claims: TokenChanges["claims"]) =>
    (await assertRejects(async () => verifier.verify(await token({ claims: claims ?? {} })), TokenError))
      .code;
  assertEquals(await code({ exp: now - 6 }), "expired");
  assertEquals(await code({ nbf: now + 6 }), "not_yet_valid");
  await verifier.verify(await token({ claims: { exp: now - 4, nbf: now - 900 } }));
  await verifier.verify(await token({ claims: { nbf: now + 4 } }));
});

Deno.test("TokenVerifier.verify() refuses what another key signed under a trusted id, and what was altered", async () => {
  const { verifier, token } = await tokenFixture();
  const code = async (text: string) => (await assertRejects(() => verifier.verify(text), TokenError)).code;
  assertEquals(await code(await token({ key: await makeKey("k-1") })), "signature");
  const [header, payload, signature] = (await token()).split(".");
  const claims = JSON.parse(atob((payload ?? "").replaceAll("-", "+").replaceAll("_", "/")));
  assertEquals(await code(`${header}.${encode({ ...claims, role: "admin" })}.${signature}`), "signature");
});

Deno.test("TokenVerifier.verify() refuses every other algorithm (RFC 8725, 3.1)", async () => {
  const { verifier, token, key } = await tokenFixture();
  const [, payload = ""] = (await token()).split(".");
  const none = `${encode({ alg: "none", typ: "at+jwt", kid: "k-1" })}.${payload}.`;
  assertEquals((await assertRejects(() => verifier.verify(none), TokenError)).code, "header");
  // The published key taken for a shared secret: the classic confusion of asymmetric and symmetric keys.
  const confused = await new SignJWT({ sub: "ann" })
    .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: "k-1" })
    .sign(new TextEncoder().encode(key.published.x));
  assertEquals((await assertRejects(() => verifier.verify(confused), TokenError)).code, "header");
});

Deno.test("TokenVerifier.verify() ignores keys that a token brings along (RFC 8725, 3.10)", async () => {
  const { verifier, token } = await tokenFixture();
  const own = await makeKey("k-1");
  const header = { jwk: own.published, jku: "http://evil.example/keys", x5u: "http://evil.example/cert" };
  const forged = await token({ key: own, header });
  assertEquals((await assertRejects(() => verifier.verify(forged), TokenError)).code, "signature");
});

Deno.test("TokenVerifier.verify() refuses what is no token, or far too long for one", async () => {
  const { verifier } = await tokenFixture();
  for (const text of ["", "a", "a.b", "a.b.c", "....", "x".repeat(5_000)]) {
    assertEquals((await assertRejects(() => verifier.verify(text), TokenError)).code, "malformed", text);
  }
});

Deno.test("TokenError carries the challenge of RFC 6750", () => {
  assertEquals(
    new TokenError("expired").headers.get("www-authenticate"),
    'Bearer error="invalid_token", error_description="The token has expired"',
  );
});

Deno.test("TokenVerifier.peek() knows a token that was checked before, until it ends", async () => {
  const { verifier, token, clock } = await tokenFixture();
  const text = await token();
  assertEquals(verifier.peek(text), undefined);
  const principal = await verifier.verify(text);
  assertEquals(verifier.peek(text), principal);
  clock.jump(904_000);
  assertEquals(verifier.peek(text), principal);
  clock.jump(1_000);
  assertEquals(verifier.peek(text), undefined);
  assertEquals((await assertRejects(() => verifier.verify(text), TokenError)).code, "expired");
});

Deno.test("TokenVerifier.peek() forgets a token whose key was withdrawn", async () => {
  const key = await makeKey("k-1");
  const trusted = await fixedKeys([key.published]);
  let withdrawn = false;
  const get = (kid: string) => withdrawn ? undefined : trusted.get(kid);
  const { verifier, token } = await tokenFixture({ keys: { get, find: (kid) => Promise.resolve(get(kid)) } });
  const text = await token({ key });
  await verifier.verify(text);
  withdrawn = true;
  assertEquals(verifier.peek(text), undefined);
  assertEquals((await assertRejects(() => verifier.verify(text), TokenError)).code, "unknown_key");
});

Deno.test("createTokenVerifier() refuses a revoked session, also for a token seen before", async () => {
  const ended = new Set<string>();
  const { verifier, token } = await tokenFixture({ isRevoked: ({ session }) => ended.has(session) });
  const text = await token();
  await verifier.verify(text);
  ended.add("k0-session");
  assertEquals(verifier.peek(text), undefined);
  for (const again of [text, await token()]) {
    assertEquals((await assertRejects(() => verifier.verify(again), TokenError)).code, "revoked");
  }
});

Deno.test("createTokenVerifier() lets nobody in before it is known which sessions have ended", async () => {
  const known = Promise.withResolvers<void>();
  const ended = new Set<string>();
  const { verifier, token } = await tokenFixture({
    isRevoked: ({ session }) => ended.has(session),
    revocationsKnown: () => known.promise,
  });
  const pending = verifier.verify(await token());
  ended.add("k0-session");
  known.resolve();
  assertEquals((await assertRejects(() => pending, TokenError)).code, "revoked");
});

Deno.test("createTokenVerifier() answers 503 while it cannot be known which sessions have ended", async () => {
  const { verifier, token } = await tokenFixture({
    revocationsKnown: () => Promise.reject(new Error("The database is away")),
  });
  const text = await token();
  const error = await assertRejects(() => verifier.verify(text), ProblemError);
  assertEquals([error.status, error.headers.get("retry-after")], [503, "1"]);
  assertEquals(verifier.peek(text), undefined);
});

Deno.test("createTokenVerifier() remembers no more tokens than its capacity", async () => {
  const { verifier, token } = await tokenFixture({ capacity: 2 });
  const texts = [await token(), await token(), await token()];
  for (const text of texts) await verifier.verify(text);
  assertEquals(texts.map((text) => verifier.peek(text)?.tokenId), [undefined, "t-1", "t-2"]);
});

Deno.test("createTokenVerifier() refuses options that are out of range", async () => {
  const keys = await fixedKeys([]);
  assertThrows(() => createTokenVerifier({ keys, capacity: 0 }), RangeError, "got 0");
  assertThrows(() => createTokenVerifier({ keys, tolerance: 301 }), RangeError, "got 301");
});
