import { assertEquals, assertStringIncludes } from "@std/assert";
import { Registry } from "prom-client";
import { watchEventLoop } from "./event_loop_lag.ts";
import { ManualClock } from "./manual_clock.ts";

const SUM = "flotilla_event_loop_lag_seconds_sum";

Deno.test("watchEventLoop() tells by how much timers are late, and nothing once it has ended", async () => {
  const registry = new Registry();
  const clock = new ManualClock();
  let late = 0;
  {
    using _watch = watchEventLoop(registry, { interval: 250, clock, now: () => clock.now() + late });
    await clock.advance(250);
    assertStringIncludes(await registry.metrics(), `${SUM} 0\n`);
    late = 40;
    await clock.advance(250);
    assertStringIncludes(await registry.metrics(), `${SUM} 0.04\n`);
    assertStringIncludes(await registry.metrics(), 'flotilla_event_loop_lag_seconds_bucket{le="0.025"} 1\n');
  }
  assertEquals(clock.pending, 0);
});
