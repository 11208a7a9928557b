import { assertEquals } from "@std/assert";
import type { Caller } from "./principal.ts";
import { callsOf, setUp } from "./testdata/fixture.ts";
import { createAuth } from "./auth.ts";
import { cheapHasher, INTERNAL_KEY } from "./testdata/fixture.ts";

const FROM: Caller = { kind: "anonymous", address: "192.0.2.1" };
const wrong = { method: "POST", body: { username: "admin", password: "wrong" } };

Deno.test("POST /auth/login answers 429 with Retry-After after too many failures, even for the right password, at every service", async () => {
  using fixture = await setUp();
  const { kv, clock } = fixture;
  const other = callsOf(
    createAuth({ kv, clock, instance: "auth_2", internalKey: INTERNAL_KEY, hasher: cheapHasher() }),
    clock,
  );
  for (let i = 0; i < 11; i++) {
    const { call } = i % 2 === 0 ? fixture : other;
    const response = await call("/auth/login", wrong);
    await response.body?.cancel();
    assertEquals(response.status, 401);
  }
  for (const { call } of [fixture, other]) {
    const response = await call("/auth/login", {
      method: "POST",
      body: { username: "Admin", password: "password" },
    });
    await response.body?.cancel();
    assertEquals([response.status, response.headers.get("retry-after")], [429, "1"]);
  }
  clock.jump(1_000);
  await fixture.login();
});

Deno.test("POST /auth/login limits an address by what the gateway vouches for, and by no field of the request", async () => {
  using fixture = await setUp({
    attempts: { address: { free: 2, base: 1_000, ceiling: 1_000, forget: 60_000 } },
  });
  const status = async (headers: HeadersInit, caller: Caller) => {
    const response = await fixture.call("/auth/login", { ...wrong, headers, caller });
    await response.body?.cancel();
    return response.status;
  };
  for (let i = 0; i < 3; i++) assertEquals(await status({ "x-forwarded-for": `203.0.113.${i}` }, FROM), 401);
  assertEquals(await status({ "x-forwarded-for": "203.0.113.9" }, FROM), 429);
  assertEquals(await status({}, { kind: "anonymous", address: "192.0.2.2" }), 401);
});
