import { assertEquals, assertThrows } from "@std/assert";
import { FlagError, parseFlags } from "./flags.ts";
import { ManualClock } from "./manual_clock.ts";
import { traceFlags, TraceGate } from "./trace_gate.ts";

/** How many of a hundred requests begin a trace. */
function admitted(gate: TraceGate): number {
  return Array.from({ length: 100 }, () => gate.admit()).filter(Boolean).length;
}

Deno.test("TraceGate admits so many a second, however many ask", async () => {
  const clock = new ManualClock();
  const gate = new TraceGate(10, clock);
  assertEquals([admitted(gate), admitted(gate)], [10, 0]);
  await clock.advance(500);
  assertEquals(admitted(gate), 5);
  await clock.advance(60_000);
  assertEquals(admitted(gate), 10);
});

Deno.test("TraceGate admits one in a while when the rate is below one a second", async () => {
  const clock = new ManualClock();
  const gate = new TraceGate(0.1, clock);
  assertEquals(admitted(gate), 1);
  await clock.advance(9_000);
  assertEquals(admitted(gate), 0);
  await clock.advance(1_000);
  assertEquals(admitted(gate), 1);
});

Deno.test("TraceGate admits none at a rate of 0, and every one without a limit", () => {
  assertEquals([admitted(new TraceGate(0)), admitted(new TraceGate("unlimited"))], [0, 100]);
});

Deno.test("traceFlags take a rate or none, and begin no traces by default", () => {
  const rateOf = (...args: string[]) => parseFlags(traceFlags, args, {}).traceRate;
  assertEquals([rateOf(), rateOf("--trace-rate=2.5"), rateOf("--trace-rate=unlimited")], [
    0,
    2.5,
    "unlimited",
  ]);
  assertThrows(() => rateOf("--trace-rate=often"), FlagError, "must be a number of traces a second");
});
