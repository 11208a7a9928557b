import { ProblemError } from "@flotilla/runtime";
import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { SignJWT } from "jose";
import { ASSERTION_HEADER, createAssertionSigner, createAssertionVerifier } from "./assertion.ts";
import { type Caller, RIGHTS } from "./principal.ts";

const KEY = "an internal key of 32 characters";
const ALICE: Caller = {
  kind: "user",
  principal: {
    subject: "alice",
    role: "user",
    rights: RIGHTS.user,
    session: "s-1",
    tokenId: "t-1",
    expires: 2_000_000_000,
  },
};

function setUp() {
  const clock = new ManualClock();
  const signer = createAssertionSigner({ key: KEY, issuer: "gateway_1", clock });
  const verifier = createAssertionVerifier({ key: KEY, clock });
  const verify = (assertion: string) =>
    verifier.verify(new Request("http://inside/", { headers: { [ASSERTION_HEADER]: assertion } }));
  return { clock, signer, verifier, verify };
}

async function assertRefused(fn: () => unknown) {
  assertEquals((await assertRejects(async () => await fn(), ProblemError)).status, 401);
}

Deno.test("createAssertionVerifier() gives back the caller that was signed", async () => {
  const { signer, verify } = setUp();
  assertEquals(await verify(await signer.sign(ALICE)), ALICE);
  assertEquals(await verify(await signer.sign({ kind: "anonymous" })), { kind: "anonymous" });
});

Deno.test("createAssertionVerifier() tells anonymous callers of two addresses apart", async () => {
  const { signer, verify } = setUp();
  for (const address of ["192.0.2.1", "192.0.2.2"]) {
    const caller: Caller = { kind: "anonymous", address };
    assertEquals(await verify(await signer.sign(caller)), caller);
  }
});

Deno.test("createAssertionVerifier() refuses a request without an assertion", async () => {
  const { verifier } = setUp();
  await assertRefused(() => verifier.verify(new Request("http://inside/")));
});

Deno.test("createAssertionVerifier() refuses what another key signed, and what was altered", async () => {
  const { verify, signer } = setUp();
  const other = createAssertionSigner({ key: KEY.toUpperCase(), issuer: "gateway_1" });
  await assertRefused(async () => verify(await other.sign(ALICE)));
  const [head, , signature] = (await signer.sign(ALICE)).split(".");
  const payload = btoa(JSON.stringify({ caller: ALICE, aud: "flotilla-internal", exp: 9_999_999_999 }));
  await assertRefused(() => verify(`${head}.${payload}.${signature}`));
});

Deno.test("createAssertionVerifier() refuses another type or audience under the same key", async () => {
  const { verify, clock } = setUp();
  const make = (typ: string, audience: string) =>
    new SignJWT({ caller: ALICE }).setProtectedHeader({ alg: "HS256", typ }).setAudience(audience)
      .setExpirationTime(clock.now() / 1_000 + 60).sign(new TextEncoder().encode(KEY));
  assertEquals(await verify(await make("flotilla-assertion+jwt", "flotilla-internal")), ALICE);
  await assertRefused(async () => verify(await make("JWT", "flotilla-internal")));
  await assertRefused(async () => verify(await make("flotilla-assertion+jwt", "flotilla")));
});

Deno.test("createAssertionVerifier() refuses an assertion that is over, also one it has seen", async () => {
  const { clock, signer, verify } = setUp();
  const assertion = await signer.sign(ALICE);
  await verify(assertion);
  clock.jump(66_000);
  await assertRefused(() => verify(assertion));
});

Deno.test("createAssertionSigner() signs again only when little life is left", async () => {
  const { clock, signer } = setUp();
  const first = await signer.sign(ALICE);
  clock.jump(29_000);
  assertEquals(await signer.sign(ALICE), first);
  clock.jump(2_000);
  assertNotEquals(await signer.sign(ALICE), first);
});

Deno.test("createAssertionSigner() refuses a short key", () => {
  assertThrows(() => createAssertionSigner({ key: "short", issuer: "x" }), RangeError, "got 5");
});
