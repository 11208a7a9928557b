import { assertGreater, assertLess } from "@std/assert";
import { ManualClock } from "@flotilla/runtime/testing";
import { EVERY_UPSTREAM } from "../strategy.ts";
import { fakeUpstreams, requestOf } from "../testing/fake_upstream.ts";
import { seededRandom } from "@flotilla/runtime";
import { peakEwma } from "./peak_ewma.ts";

/** Answers 1,000 requests one after another; gives the share that went to the first upstream. */
function shareOfFirst(latencies: readonly number[], options: { failing?: boolean } = {}): number {
  const clock = new ManualClock();
  const strategy = peakEwma({ clock, random: seededRandom(3) });
  const upstreams = fakeUpstreams(latencies.map(() => 1));
  strategy.rebuild(upstreams);
  let first = 0;
  for (let i = 0; i < 1_000; i++) {
    const picked = strategy.pick(requestOf("192.0.2.1"), EVERY_UPSTREAM);
    const index = upstreams.findIndex((upstream) => upstream === picked);
    clock.jump(1);
    const latency = latencies[index] ?? 0;
    if (picked === undefined) continue;
    if (index === 0) first++;
    if (index === 0 && options.failing) strategy.failed?.(picked, latency);
    else strategy.answered?.(picked, latency);
  }
  return first / 1_000;
}

Deno.test("peakEwma() avoids an upstream that is ten times slower than the others", () => {
  assertLess(shareOfFirst([100, 10, 10, 10]), 0.01);
  assertGreater(shareOfFirst([10, 10, 10, 10]), 0.05);
});

Deno.test("peakEwma() does not take one for fast that fails fast", () => {
  assertLess(shareOfFirst([1, 10, 10, 10], { failing: true }), 0.01);
});

Deno.test("peakEwma() comes back to one that was slow once, after a while", () => {
  const clock = new ManualClock();
  const strategy = peakEwma({ clock, random: seededRandom(5), decay: 1_000 });
  const [slow, quick] = fakeUpstreams([1, 1]);
  if (slow === undefined || quick === undefined) throw new Error("unreachable");
  strategy.rebuild([slow, quick]);
  strategy.answered?.(slow, 2_000);
  strategy.answered?.(quick, 100);
  let tried = 0;
  for (let i = 0; i < 10_000 && tried === 0; i++) {
    clock.jump(1);
    const picked = strategy.pick(requestOf("192.0.2.1"), EVERY_UPSTREAM);
    if (picked === quick) strategy.answered?.(quick, 100);
    else tried = i;
  }
  assertGreater(tried, 1_000);
  assertLess(tried, 9_000);
});
