import { assert, assertEquals, assertLess, assertLessOrEqual, assertThrows } from "@std/assert";
import fc from "fast-check";
import { EVERY_UPSTREAM, type Strategy } from "../strategy.ts";
import { begin, end, type FakeUpstream, fakeUpstreams, requestOf } from "../testing/fake_upstream.ts";
import { seededRandom } from "@flotilla/runtime";
import { consistentHash } from "./consistent_hash.ts";

const keys = Array.from({ length: 20_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);

function owners(strategy: Strategy, upstreams: FakeUpstream[]): (string | undefined)[] {
  strategy.rebuild(upstreams);
  return keys.map((key) => strategy.pick(requestOf(key), EVERY_UPSTREAM)?.id);
}

for (const size of [2, 10, 100]) {
  Deno.test(`consistentHash() moves only the keys of the one that leaves, about 1/N: N = ${size}`, () => {
    const strategy = consistentHash();
    const upstreams = fakeUpstreams(Array(size).fill(1));
    const before = owners(strategy, upstreams);
    const after = owners(strategy, upstreams.slice(1));
    const moved = keys.filter((_, i) => before[i] !== after[i]).length;
    assertEquals(moved, before.filter((id) => id === "upstream-0").length);
    // 128 points an upstream: the share of one varies by about 1/√128 = 9%.
    assertLess(Math.abs((moved / keys.length) * size - 1), 0.35);
  });
}

Deno.test("consistentHash() lets no upstream go over its bound", () => {
  const bound = 1.25;
  const steps = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 300 });
  const weights = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 10 });
  fc.assert(fc.property(weights, steps, (list, numbers) => {
    const strategy = consistentHash({ bound });
    const upstreams = fakeUpstreams(list);
    const total = list.reduce((sum, weight) => sum + weight, 0);
    strategy.rebuild(upstreams);
    const inside: FakeUpstream[] = [];
    for (const number of numbers) {
      const leaving = number < 3 ? inside.shift() : undefined;
      if (leaving !== undefined) end(strategy, leaving);
      // Few keys: the load is as uneven as it can be.
      const picked = strategy.pick(requestOf(`192.0.2.${number % 2}`), EVERY_UPSTREAM);
      const found = upstreams.find((upstream) => upstream === picked);
      assert(found !== undefined);
      begin(strategy, found);
      inside.push(found);
      assertLessOrEqual(found.inFlight, Math.ceil((bound * inside.length * found.weight) / total));
    }
  }));
});

Deno.test("consistentHash() reads the key from a header, a cookie, or else the address", () => {
  const upstreams = fakeUpstreams(Array(50).fill(1));
  const byHeader = consistentHash({ key: { kind: "header", name: "X-User" } });
  const byCookie = consistentHash({ key: { kind: "cookie", name: "session" } });
  const byAddress = consistentHash();
  for (const strategy of [byHeader, byCookie, byAddress]) strategy.rebuild(upstreams);
  const id = (strategy: Strategy, address: string, headers?: Record<string, string>) =>
    strategy.pick(requestOf(address, headers), EVERY_UPSTREAM)?.id;
  const expected = id(byAddress, "ada");
  assertEquals(id(byHeader, "192.0.2.1", { "x-user": "ada" }), expected);
  assertEquals(id(byCookie, "192.0.2.1", { cookie: "a=b; session=ada" }), expected);
  assertEquals(id(byCookie, "ada", { cookie: "a=b" }), expected);
});

Deno.test("consistentHash() spreads requests that have no key", () => {
  const strategy = consistentHash({ random: seededRandom(1) });
  strategy.rebuild(fakeUpstreams([1, 1, 1]));
  const nobody = { address: undefined, header: () => undefined };
  const seen = new Set(Array.from({ length: 50 }, () => strategy.pick(nobody, EVERY_UPSTREAM)?.id));
  assertEquals(seen.size, 3);
});

Deno.test("consistentHash() refuses a bound that leaves no room", () => {
  assertThrows(() => consistentHash({ bound: 1 }), RangeError, "bound must be above 1, got 1");
});
