import { assertLess, assertLessOrEqual } from "@std/assert";
import { EVERY_UPSTREAM, type Strategy } from "../strategy.ts";
import { begin, fakeUpstreams, requestOf } from "../testing/fake_upstream.ts";
import { seededRandom } from "@flotilla/runtime";
import { powerOfTwo } from "./power_of_two.ts";
import { randomChoice } from "./random.ts";

/**
 * Throws as many requests as there are upstreams, none of which ends, and gives the highest load over the
 * mean.
 */
function highestLoad(strategy: Strategy, size: number): number {
  const upstreams = fakeUpstreams(Array(size).fill(1));
  strategy.rebuild(upstreams);
  const known = new Map(upstreams.map((upstream) => [upstream.id, upstream]));
  for (let i = 0; i < size; i++) {
    const picked = known.get(strategy.pick(requestOf("192.0.2.1"), EVERY_UPSTREAM)?.id ?? "");
    if (picked !== undefined) begin(strategy, picked);
  }
  return Math.max(...upstreams.map(({ inFlight }) => inFlight));
}

Deno.test("powerOfTwo() keeps the highest load at about log log n over the mean, where random grows with log n", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const two = highestLoad(powerOfTwo({ random: seededRandom(seed) }), 10_000);
    const one = highestLoad(randomChoice({ random: seededRandom(seed) }), 10_000);
    // Mitzenmacher: log log n / log 2 + O(1), about 4 for 10,000; a single choice gives 7 or so.
    assertLessOrEqual(two, 5);
    assertLess(two, one);
  }
});
