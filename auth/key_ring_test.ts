import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { createKeyRing, withKey } from "./key_ring.ts";
import { createKeySeal } from "./key_seal.ts";
import { SIGNING_KEYS } from "./keyspace.ts";
import type { StoredKey } from "./signing_key.ts";

const seal = createKeySeal("an internal key of 32 characters");
const RETIRE_AFTER = 1_500_000;

function ringOn(kv: Deno.Kv, clock = new ManualClock(), keySeal = seal) {
  return createKeyRing({ kv, seal: keySeal, retireAfter: RETIRE_AFTER, clock });
}

function storedKey(kid: string, signsFrom: number, retires?: number): StoredKey {
  return {
    public: { kty: "OKP", crv: "Ed25519", x: "", kid, alg: "EdDSA", use: "sig" },
    sealed: "",
    created: 0,
    signsFrom,
    ...(retires === undefined ? {} : { retires }),
  };
}

Deno.test("createKeyRing() makes one key in all, however many begin at the same moment", async () => {
  using kv = await Deno.openKv(":memory:");
  const signers = await Promise.all(Array.from({ length: 8 }, () => ringOn(kv).signer()));
  assertEquals(new Set(signers.map(({ kid }) => kid)).size, 1);
});

Deno.test("createKeyRing() takes up the key again after a restart", async () => {
  using kv = await Deno.openKv(":memory:");
  const { kid } = await ringOn(kv).signer();
  assertEquals((await ringOn(kv).signer()).kid, kid);
});

Deno.test("createKeyRing() keeps the private key sealed in the database, and out of what it publishes", async () => {
  using kv = await Deno.openKv(":memory:");
  const ring = ringOn(kv);
  const { key } = await ring.signer();
  assertEquals(key.extractable, false);
  const stored = JSON.stringify((await kv.get(SIGNING_KEYS)).value);
  assertEquals([stored.includes('"d"'), stored.includes('"x"')], [false, true]);
  assertEquals(Object.keys((await ring.published())[0] ?? {}).includes("d"), false);
});

Deno.test("createKeyRing() makes another key when those there are cannot be opened, and leaves them published", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const before = await ringOn(kv, clock).signer();
  const ring = ringOn(kv, clock, createKeySeal("AN INTERNAL KEY OF 32 CHARACTERS"));
  const after = await ring.signer();
  assertNotEquals(after.kid, before.kid);
  assertEquals((await ring.published()).map(({ kid }) => kid), [before.kid, after.kid]);
});

Deno.test("createKeyRing() goes on with its key while the database is away, and fails without one", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const ring = ringOn(kv, clock);
  const { kid } = await ring.signer();
  kv.get = () => Promise.reject(new Error("away"));
  clock.jump(60_000);
  assertEquals((await ring.signer()).kid, kid);
  await assertRejects(() => ringOn(kv).signer(), Error, "away");
});

Deno.test("KeySeal.open() opens nothing for another key id, or altered", async () => {
  const sealed = await seal.seal({ kty: "OKP", crv: "Ed25519", x: "x", d: "d" }, "a");
  assertEquals((await seal.open(sealed, "a"))?.d, "d");
  assertEquals(await seal.open(sealed, "b"), undefined);
  const [head, key, iv, text, tag] = sealed.split(".");
  const altered = `${text?.startsWith("A") ? "B" : "A"}${text?.slice(1)}`;
  assertEquals(await seal.open([head, key, iv, altered, tag].join("."), "a"), undefined);
});

Deno.test("withKey() retires a key when all that it signed until the next one has ended", () => {
  const keys = withKey([storedKey("a", 0)], storedKey("b", 660), { now: 0, retireAfter: 1_500 });
  assertEquals(keys.map(({ public: { kid }, retires }) => [kid, retires]), [["a", 2_160], ["b", undefined]]);
});

Deno.test("withKey() leaves a key that does not sign yet to sign in its turn", () => {
  const keys = withKey([storedKey("a", 0, 2_160), storedKey("b", 660)], storedKey("c", 10), {
    now: 10,
    retireAfter: 1_500,
  });
  const turns = keys.map(({ public: { kid }, retires }) => [kid, retires]);
  assertEquals(turns, [["a", 2_160], ["c", 2_160], ["b", undefined]]);
});

Deno.test("withKey() drops keys that have retired, and refuses too many", () => {
  const kept = withKey([storedKey("a", 0, 100)], storedKey("b", 200), { now: 100, retireAfter: 1 });
  assertEquals(kept.map(({ public: { kid } }) => kid), ["b"]);
  const many = Array.from({ length: 32 }, (_, i) => storedKey(`k${i}`, i));
  assertThrows(() => withKey(many, storedKey("b", 99), { now: 0, retireAfter: 1 }), RangeError, "got 33");
});
