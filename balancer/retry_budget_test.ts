import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { RetryBudget } from "./retry_budget.ts";

function budget(options: ConstructorParameters<typeof RetryBudget>[0]) {
  const time = { now: 1_000_000 };
  const made = new RetryBudget(options, () => time.now);
  const requests = (count: number) => {
    for (let i = 0; i < count; i++) made.deposit(time.now);
  };
  const retries = () => {
    let granted = 0;
    while (made.withdraw()) granted++;
    return granted;
  };
  return { made, time, requests, retries };
}

Deno.test("RetryBudget grants the reserve when there was no traffic, and no more", () => {
  assertEquals(budget({ perSecond: 10, window: 10_000 }).retries(), 100);
});

Deno.test("RetryBudget grants a fifth of the requests of the window", () => {
  const { requests, retries } = budget({ ratio: 0.2, perSecond: 0 });
  requests(500);
  assertEquals(retries(), 100);
});

Deno.test("RetryBudget forgets what was earned before the window, and what was spent", () => {
  const { made, time, requests, retries } = budget({ ratio: 0.5, perSecond: 1, window: 10_000 });
  requests(100);
  assertEquals(retries(), 60);
  time.now += 5_000;
  assertEquals(made.balance, 0);
  requests(10);
  assertAlmostEquals(made.balance, 5);
  time.now += 6_000;
  assertAlmostEquals(made.balance, 15);
  time.now += 60_000;
  assertAlmostEquals(made.balance, 10);
});

Deno.test("RetryBudget keeps retries a bounded share when everything fails for long", () => {
  const { made, time } = budget({ ratio: 0.2, perSecond: 0 });
  let granted = 0;
  for (let i = 0; i < 60_000; i++) {
    time.now++;
    made.deposit(time.now);
    if (made.withdraw()) granted++;
  }
  assertAlmostEquals(granted / 60_000, 0.2, 0.01);
});

Deno.test("RetryBudget refuses options out of range", () => {
  const make = (options: object) => () => new RetryBudget(options, () => 0);
  assertThrows(make({ ratio: 2 }), RangeError, "ratio must be 0 to 1, got 2");
  assertThrows(make({ perSecond: -1 }), RangeError, "perSecond");
  assertThrows(make({ window: 0 }), RangeError, "window");
});
