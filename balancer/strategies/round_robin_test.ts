import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { EVERY_UPSTREAM } from "../strategy.ts";
import { fakeUpstreams, requestOf } from "../testing/fake_upstream.ts";
import { roundRobin } from "./round_robin.ts";

const request = requestOf("192.0.2.1");

Deno.test("roundRobin() keeps every upstream within one request of its share after every pick", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(weights, (list) => {
    const strategy = roundRobin();
    const upstreams = fakeUpstreams(list);
    strategy.rebuild(upstreams);
    const total = list.reduce((sum, weight) => sum + weight, 0);
    const counts = new Map<unknown, number>(upstreams.map((upstream) => [upstream, 0]));
    for (let picks = 1; picks <= 3 * total; picks++) {
      const picked = strategy.pick(request, EVERY_UPSTREAM);
      counts.set(picked, (counts.get(picked) ?? 0) + 1);
      for (const upstream of upstreams) {
        assertLess(Math.abs((counts.get(upstream) ?? 0) - (picks * upstream.weight) / total), 1);
      }
    }
    for (const upstream of upstreams) assertEquals(counts.get(upstream), 3 * upstream.weight);
  }));
});

Deno.test("roundRobin() takes equal upstreams in turn", () => {
  const strategy = roundRobin();
  const upstreams = fakeUpstreams([1, 1, 1]);
  strategy.rebuild(upstreams);
  const ids = Array.from({ length: 6 }, () => strategy.pick(request, EVERY_UPSTREAM)?.id);
  assertEquals(ids, ["upstream-0", "upstream-1", "upstream-2", "upstream-0", "upstream-1", "upstream-2"]);
});

Deno.test("roundRobin() goes on behind the last one taken when it is rebuilt", () => {
  const strategy = roundRobin();
  const upstreams = fakeUpstreams([1, 1, 1]);
  strategy.rebuild(upstreams);
  const first = strategy.pick(request, EVERY_UPSTREAM);
  strategy.rebuild(upstreams);
  assertEquals([first?.id, strategy.pick(request, EVERY_UPSTREAM)?.id], ["upstream-0", "upstream-1"]);
});

Deno.test("roundRobin() does not have one catch up that was passed over for long", () => {
  const strategy = roundRobin();
  const [full, ...others] = fakeUpstreams([1, 1, 1]);
  assert(full !== undefined);
  strategy.rebuild([full, ...others]);
  for (let i = 0; i < 300; i++) strategy.pick(request, { allows: (upstream) => upstream !== full });
  const next = Array.from({ length: 9 }, () => strategy.pick(request, EVERY_UPSTREAM));
  assertLess(next.filter((upstream) => upstream === full).length, 6);
});
