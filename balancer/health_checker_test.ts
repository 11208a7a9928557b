import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertLessOrEqual,
  assertThrows,
} from "@std/assert";
import { ManualClock } from "@flotilla/runtime/testing";
import { AttemptError } from "./failure.ts";
import { HealthChecker, type HealthOptions, type Probe, readHealth } from "./health_checker.ts";
import type { Health } from "./health.ts";
import { FakeUpstream } from "./testing/fake_upstream.ts";
import { seededRandom } from "@flotilla/runtime";

/** Checks one upstream that answers what `answer` says: a status, or not at all. */
function check(options: HealthOptions = {}) {
  const clock = new ManualClock();
  const seen: Health[] = [];
  const state = { answer: 200 as number | "refused" | "silent" | "no socket", probes: 0 };
  const probe: Probe = (_upstream, { signal }) => {
    state.probes++;
    if (typeof state.answer === "number") return Promise.resolve(state.answer);
    if (state.answer === "refused") return Promise.reject(new Error("refused"));
    if (state.answer === "no socket") return Promise.reject(new AttemptError({ kind: "no_socket" }));
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const checker = new HealthChecker(readHealth(options), {
    clock,
    random: seededRandom(1),
    probe,
    changed: (_upstream, health) => seen.push(health),
  });
  const upstream = new FakeUpstream("a");
  const unknown = Object.assign(upstream, { health: { kind: "unknown" } as Health });
  checker.watch(unknown);
  return { clock, seen, state, checker, upstream, kinds: () => seen.map(({ kind }) => kind) };
}

Deno.test("HealthChecker believes the first check, whether it passes or fails", async () => {
  const well = check();
  await well.clock.advance(0);
  assertEquals(well.kinds(), ["up"]);
  const ill = check();
  ill.state.answer = "refused";
  await ill.clock.advance(0);
  assertEquals(ill.kinds(), ["down"]);
});

Deno.test("HealthChecker takes one out after `fall` failures and back after `rise` passes", async () => {
  const { clock, state, kinds } = check({ interval: 1_000, jitter: 0, rise: 3, fall: 3 });
  await clock.advance(0);
  state.answer = 500;
  await clock.advance(999);
  assertEquals(kinds(), ["up"]);
  await clock.advance(1);
  assertEquals([kinds(), state.probes], [["up", "down"], 4]);
  state.answer = 204;
  await clock.advance(2_999);
  assertEquals(kinds(), ["up", "down"]);
  await clock.advance(1);
  assertEquals(kinds(), ["up", "down", "up"]);
});

Deno.test("HealthChecker takes one out at once that answers 503", async () => {
  const { clock, seen, state } = check({ interval: 500, jitter: 0, fall: 5 });
  await clock.advance(0);
  state.answer = 503;
  await clock.advance(500);
  const last = seen.at(-1);
  assert(last?.kind === "down" && last.reason === "unready");
});

Deno.test("HealthChecker believes nothing new of an upstream while there is no socket to ask it with", async () => {
  const { clock, state, kinds } = check({ interval: 100, jitter: 0 });
  state.answer = "no socket";
  await clock.advance(1_000);
  assertEquals([kinds(), state.probes], [[], 11]);
  state.answer = 200;
  await clock.advance(100);
  state.answer = "no socket";
  await clock.advance(10_000);
  assertEquals(kinds(), ["up"]);
  state.answer = "refused";
  await clock.advance(200);
  assertEquals(kinds(), ["up", "down"]);
});

Deno.test("HealthChecker has a frozen upstream out in under 2 s, whenever it freezes", async () => {
  for (let freeze = 0; freeze < 600; freeze += 50) {
    const { clock, state, seen } = check();
    await clock.advance(1_000 + freeze);
    state.answer = "silent";
    const frozen = clock.now();
    await clock.advance(3_000);
    const down = seen.find(({ kind }) => kind === "down");
    assert(down?.kind === "down");
    assertLess(down.since - frozen, 2_000);
  }
});

Deno.test("HealthChecker hears what was answered while its process stood still, and waits no longer than that", async () => {
  const { clock, state, kinds } = check({ interval: 1_000, jitter: 0, timeout: 500, fall: 1 });
  await clock.advance(0);
  state.answer = "silent";
  await clock.advance(1_000);
  clock.jump(5_000);
  await clock.advance(499);
  assertEquals(kinds(), ["up"]);
  await clock.advance(1);
  assertEquals(kinds(), ["up", "down"]);
});

Deno.test("HealthChecker.suspect() takes one out at once, and back as soon as a check passes", async () => {
  const { clock, checker, upstream, kinds } = check({ rise: 10 });
  await clock.advance(0);
  checker.suspect(upstream, "refused");
  assertEquals(kinds(), ["up", "down"]);
  await clock.advance(0);
  assertEquals(kinds(), ["up", "down", "up"]);
});

Deno.test("HealthChecker.suspect() of one that is dead leaves it to `rise` to bring it back", async () => {
  const { clock, state, checker, upstream, kinds } = check({ rise: 2, interval: 100, jitter: 0 });
  await clock.advance(0);
  state.answer = "refused";
  checker.suspect(upstream, "refused");
  await clock.advance(0);
  state.answer = 200;
  await clock.advance(100);
  assertEquals(kinds(), ["up", "down"]);
  await clock.advance(100);
  assertEquals(kinds(), ["up", "down", "up"]);
});

Deno.test("HealthChecker asks for its path, at intervals that vary by the jitter and no more", async () => {
  const clock = new ManualClock();
  const asked: { path: string; at: number }[] = [];
  const checker = new HealthChecker(readHealth({ path: "/live", interval: 1_000, jitter: 0.2 }), {
    clock,
    random: seededRandom(1),
    probe: (_upstream, { path }) => {
      asked.push({ path, at: clock.now() });
      return Promise.resolve(200);
    },
    changed: () => {},
  });
  checker.watch(new FakeUpstream("a"));
  await clock.advance(200_000);
  checker.close();
  assertEquals(new Set(asked.map(({ path }) => path)), new Set(["/live"]));
  const gaps = asked.slice(1).map(({ at }, index) => at - (asked[index]?.at ?? 0));
  assert(gaps.length > 180 && Math.min(...gaps) >= 800 && Math.max(...gaps) <= 1_200);
  assertLess(Math.min(...gaps), 850);
  assertGreater(Math.max(...gaps), 1_150);
});

Deno.test("HealthChecker makes at most 500 checks a second, however many upstreams there are", async () => {
  const clock = new ManualClock();
  let probes = 0;
  const checker = new HealthChecker(readHealth(), {
    clock,
    random: seededRandom(1),
    probe: () => Promise.resolve(200 + 0 * probes++),
    changed: () => {},
  });
  for (let i = 0; i < 1_000; i++) checker.watch(new FakeUpstream(`u${i}`));
  await clock.advance(4_000);
  assertLessOrEqual(probes, 4 * 500 * 1.1);
  checker.close();
});

Deno.test("HealthChecker.close() stops every check, and drops what is still found", async () => {
  const { clock, state, checker, kinds } = check();
  state.answer = "silent";
  await clock.advance(10);
  checker.close();
  checker.close();
  await clock.advance(10_000);
  assertEquals([kinds(), state.probes], [[], 1]);
});

Deno.test("readHealth() refuses options out of range", () => {
  assertThrows(() => readHealth({ path: "readyz" }), TypeError, 'must begin with a slash, got "readyz"');
  assertThrows(() => readHealth({ interval: 0 }), RangeError, "interval must be above 0 ms, got 0");
  assertThrows(() => readHealth({ rise: 0 }), RangeError, "rise");
  assertThrows(() => readHealth({ jitter: 2 }), RangeError, "jitter");
});
