import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import { CircuitBreaker } from "./circuit_breaker.ts";

function failTimes(breaker: CircuitBreaker, times: number) {
  for (let i = 0; i < times; i++) if (breaker.admit()) breaker.failed();
}

Deno.test("CircuitBreaker opens after failures in a row", () => {
  const breaker = new CircuitBreaker({ threshold: 3, clock: new ManualClock() });
  failTimes(breaker, 2);
  breaker.succeeded();
  failTimes(breaker, 2);
  assertEquals(breaker.admit(), true);
  breaker.failed();
  assertEquals([breaker.open, breaker.admit()], [true, false]);
});

Deno.test("CircuitBreaker lets one call try when the pause is over, and closes when it succeeds", () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ threshold: 1, pause: 100, clock });
  failTimes(breaker, 1);
  clock.jump(99);
  assertEquals(breaker.admit(), false);
  clock.jump(1);
  assertEquals([breaker.admit(), breaker.admit()], [true, false]);
  breaker.succeeded();
  assertEquals([breaker.open, breaker.admit(), breaker.admit()], [false, true, true]);
});

Deno.test("CircuitBreaker pauses twice as long after each trial that fails, up to the most", () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ threshold: 1, pause: 100, maxPause: 300, clock });
  failTimes(breaker, 1);
  for (const pause of [100, 200, 300, 300]) {
    clock.jump(pause - 1);
    assertEquals(breaker.admit(), false);
    clock.jump(1);
    failTimes(breaker, 1);
  }
});

Deno.test("CircuitBreaker is not opened again by calls that were under way", () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ threshold: 1, pause: 100, clock });
  breaker.failed();
  clock.jump(50);
  breaker.failed();
  clock.jump(50);
  assertEquals(breaker.admit(), true);
});
