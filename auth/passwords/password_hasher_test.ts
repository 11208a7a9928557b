import { ProblemError } from "@flotilla/runtime";
import { assertEquals, assertMatch, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import type { HashEngine } from "./hash_engine.ts";
import { createPasswordHasher } from "./password_hasher.ts";

const CHEAP = { memory: 8, passes: 1 };

/** An engine whose hashes end when the test says so. */
function heldEngine(parallelism: number) {
  const jobs: (() => void)[] = [];
  const engine: HashEngine = {
    parallelism,
    derive: () => new Promise((resolve) => jobs.push(() => resolve(new Uint8Array(32)))),
    [Symbol.dispose]() {},
  };
  return { engine, release: () => jobs.splice(0).forEach((end) => end()) };
}

Deno.test("createPasswordHasher() hashes with OWASP's parameters, and never twice alike", async () => {
  const hasher = createPasswordHasher();
  const [one, other] = [await hasher.hash("secret"), await hasher.hash("secret")];
  assertMatch(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assertNotEquals(one, other);
  assertEquals([await hasher.verify("secret", one), await hasher.verify("secrets", one)], [true, false]);
});

Deno.test("createPasswordHasher() takes the same letters for the same password, however they are composed", async () => {
  const hasher = createPasswordHasher({ parameters: CHEAP });
  assertEquals(await hasher.verify("cafe\u0301", await hasher.hash("caf\u00e9")), true);
});

Deno.test("PasswordHasher.outdated() is true for cheaper parameters only", async () => {
  const cheap = await createPasswordHasher({ parameters: CHEAP }).hash("secret");
  const dear = createPasswordHasher({ parameters: { memory: 16, passes: 2 } });
  assertEquals(dear.outdated(cheap), true);
  assertEquals(dear.outdated(await dear.hash("secret")), false);
  assertEquals(createPasswordHasher({ parameters: CHEAP }).outdated(await dear.hash("secret")), false);
});

Deno.test("createPasswordHasher() sheds with 503 and Retry-After what cannot wait", async () => {
  const { engine, release } = heldEngine(2);
  const hasher = createPasswordHasher({ engine, maxWaiting: 1 });
  const admitted = [hasher.hash("1"), hasher.hash("2"), hasher.hash("3")];
  assertEquals(hasher.saturated, true);
  const shed = await assertRejects(() => hasher.hash("4"), ProblemError);
  assertEquals([shed.status, shed.headers.get("retry-after")], [503, "1"]);
  release();
  await Promise.all(admitted);
  assertEquals(hasher.saturated, false);
});

Deno.test("createPasswordHasher() frees the place of a hash that failed", async () => {
  const engine: HashEngine = {
    parallelism: 1,
    derive: () => Promise.reject(new Error("out of memory")),
    [Symbol.dispose]() {},
  };
  const hasher = createPasswordHasher({ engine, maxWaiting: 0 });
  await assertRejects(() => hasher.hash("1"), Error, "out of memory");
  assertEquals(hasher.saturated, false);
});

Deno.test("createPasswordHasher() refuses parameters that argon2id does not have", () => {
  assertThrows(
    () => createPasswordHasher({ parameters: { memory: 7, passes: 1 } }),
    RangeError,
    "got m=7, t=1",
  );
  assertThrows(() => createPasswordHasher({ maxWaiting: -1 }), RangeError, "got -1");
});
