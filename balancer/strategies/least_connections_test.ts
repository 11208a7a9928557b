import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { EVERY_UPSTREAM } from "../strategy.ts";
import { begin, end, type FakeUpstream, fakeUpstreams, requestOf } from "../testing/fake_upstream.ts";
import { leastConnections } from "./least_connections.ts";

const request = requestOf("192.0.2.1");
const load = ({ inFlight, weight }: FakeUpstream) => inFlight / weight;

Deno.test("leastConnections() takes one that nobody has less load than, among those allowed", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 40 });
  fc.assert(fc.property(weights, fc.array(fc.nat(), { maxLength: 200 }), (list, steps) => {
    const strategy = leastConnections();
    const upstreams = fakeUpstreams(list);
    strategy.rebuild(upstreams);
    const inside: FakeUpstream[] = [];
    for (const step of steps) {
      const leaving = step % 3 === 0 ? inside.splice(step % (inside.length + 1), 1)[0] : undefined;
      if (leaving !== undefined) end(strategy, leaving);
      const refused = new Set<unknown>(upstreams.filter((_, index) => (step >> (index % 20)) % 2 === 1));
      const allowed = upstreams.filter((upstream) => !refused.has(upstream));
      const picked = strategy.pick(request, { allows: (upstream) => !refused.has(upstream) });
      const found = upstreams.find((upstream) => upstream === picked);
      if (found === undefined) assertEquals(allowed, []);
      else {
        assertEquals(load(found), Math.min(...allowed.map(load)));
        begin(strategy, found);
        inside.push(found);
      }
    }
  }));
});

Deno.test("leastConnections() lets equals take turns, by weight", () => {
  const strategy = leastConnections();
  const upstreams = fakeUpstreams([1, 2, 3]);
  strategy.rebuild(upstreams);
  const counts = new Map<unknown, number>();
  for (let i = 0; i < 600; i++) {
    const picked = strategy.pick(request, EVERY_UPSTREAM);
    counts.set(picked, (counts.get(picked) ?? 0) + 1);
  }
  for (const upstream of upstreams) {
    assertLessOrEqual(Math.abs((counts.get(upstream) ?? 0) - 100 * upstream.weight), 1);
  }
});

Deno.test("leastConnections() gives one that was busy for long no more than its turn when it is idle again", () => {
  const strategy = leastConnections();
  const [busy, ...others] = fakeUpstreams([1, 1, 1]);
  assert(busy !== undefined);
  strategy.rebuild([busy, ...others]);
  begin(strategy, busy);
  for (let i = 0; i < 1_000; i++) strategy.pick(request, EVERY_UPSTREAM);
  end(strategy, busy);
  const next = Array.from({ length: 30 }, () => strategy.pick(request, EVERY_UPSTREAM));
  assertLessOrEqual(next.filter((upstream) => upstream === busy).length, 11);
});
