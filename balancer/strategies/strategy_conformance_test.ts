import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { createStrategy, STRATEGY_NAMES } from "../strategies.ts";
import { EVERY_UPSTREAM } from "../strategy.ts";
import {
  begin,
  end,
  type FakeUpstream,
  fakeUpstreams,
  pickFrom,
  requestOf,
} from "../testing/fake_upstream.ts";
import { seededRandom } from "@flotilla/runtime";

const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 });

for (const name of STRATEGY_NAMES) {
  const create = () => createStrategy(name, { random: seededRandom(1) });

  Deno.test(`${name}: pick() gives nothing when there are no upstreams`, () => {
    const strategy = create();
    strategy.rebuild([]);
    assertEquals(strategy.pick(requestOf("192.0.2.1"), EVERY_UPSTREAM), undefined);
  });

  Deno.test(`${name}: pick() gives one of those allowed, and nothing only when none is`, () => {
    fc.assert(fc.property(weights, fc.infiniteStream(fc.nat()), (list, numbers) => {
      const strategy = create();
      const upstreams = fakeUpstreams(list);
      strategy.rebuild(upstreams);
      for (let i = 0; i < 30; i++) {
        const allowed = new Set<unknown>(upstreams.filter(() => (numbers.next().value ?? 0) % 3 === 0));
        const eligible = { allows: (upstream: unknown) => allowed.has(upstream) };
        const found = pickFrom(upstreams, { strategy, request: requestOf(`192.0.2.${i}`), eligible });
        if (found === undefined) assertEquals(allowed.size, 0);
        else {
          assert(allowed.has(found));
          begin(strategy, found);
        }
      }
    }));
  });

  Deno.test(`${name}: pick() gives only upstreams of the last rebuild(), whatever still ends elsewhere`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.subarray([0, 1, 2, 3, 4, 5], { minLength: 1 }), { minLength: 1 }),
        (rotations) => {
          const strategy = create();
          const all = fakeUpstreams([1, 2, 3, 4, 5, 6]);
          const inside: FakeUpstream[] = [];
          for (const [turn, rotation] of rotations.entries()) {
            const upstreams = all.filter((_, index) => rotation.includes(index));
            strategy.rebuild(upstreams);
            for (let i = 0; i < 10; i++) {
              const picked = pickFrom(upstreams, { strategy, request: requestOf(`192.0.2.${turn}`) });
              assert(picked !== undefined);
              begin(strategy, picked);
              inside.push(picked);
              const leaving = i % 2 === 0 ? inside.shift() : undefined;
              if (leaving !== undefined) {
                end(strategy, leaving);
              }
            }
          }
        },
      ),
    );
  });

  Deno.test(`${name}: pick() spreads many clients by weight`, () => {
    const strategy = create();
    const upstreams = fakeUpstreams([1, 2, 3, 4]);
    strategy.rebuild(upstreams);
    const counts = new Map<unknown, number>();
    const picks = 20_000;
    for (let i = 0; i < picks; i++) {
      const picked = strategy.pick(requestOf(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`), EVERY_UPSTREAM);
      counts.set(picked, (counts.get(picked) ?? 0) + 1);
    }
    for (const upstream of upstreams) {
      const share = (counts.get(upstream) ?? 0) / picks;
      assertLess(Math.abs(share - upstream.weight / 10), 0.04, `${upstream.id} has ${share}`);
    }
    const shares = upstreams.map((upstream) => counts.get(upstream) ?? 0);
    assertEquals(shares, shares.toSorted((a, b) => a - b));
  });
}
