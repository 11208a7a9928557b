import { assertEquals, assertGreater } from "@std/assert";
import { misnamedChanges, restampedValues } from "./broken_invalidation.ts";
import { checkHistory, type Violation } from "./check_history.ts";
import type { History } from "./history.ts";
import { MemorySystem, type MemorySystemOptions } from "./memory_system.ts";
import { seededRandom } from "@flotilla/runtime";
import { runWorkload } from "./workload.ts";

const OPERATIONS = 2_000;

/** Lets twelve clients at three records, with something going wrong every fifty requests. */
async function run(options: MemorySystemOptions, maxStale = 0): Promise<History> {
  using system = await MemorySystem.start(options);
  const end = new AbortController();
  let sent = 0;
  return await runWorkload({
    send(client, request) {
      if (++sent === OPERATIONS) end.abort();
      if (sent % 50 === 0) system.disturb();
      return system.send(client, request);
    },
    clients: 12,
    keys: ["x", "y", "z"],
    signal: end.signal,
    random: seededRandom(options.seed),
    maxStale,
  });
}

const promises = (violations: readonly Violation[]) =>
  [...new Set(violations.map(({ promise }) => promise))].sort();

for (const seed of [1, 2, 3]) {
  Deno.test(`two services keep every promise while things go wrong, seed ${seed}`, async () => {
    const history = await run({ seed });
    assertGreater(history.filter(({ outcome }) => outcome.kind === "written").length, 300);
    assertEquals(checkHistory(history), []);
  });
}

Deno.test("reads that take stale values are never older than they asked for", async () => {
  const history = await run({ seed: 4 }, 20);
  assertGreater(history.filter(({ maxStale = 0 }) => maxStale > 0).length, 50);
  assertEquals(checkHistory(history), []);
});

/**
 * The promises that are seen broken, over as many runs as it takes to see all that are expected: what a sabotaged part
 * makes of a run hangs on how its requests happen to meet.
 */
async function brokenPromises(
  options: Omit<MemorySystemOptions, "seed">,
  expected: number,
): Promise<string[]> {
  const broken = new Set<string>();
  for (let seed = 5; seed < 15 && broken.size < expected; seed++) {
    for (const promise of promises(checkHistory(await run({ ...options, seed })))) broken.add(promise);
  }
  return [...broken].sort();
}

Deno.test("checkHistory() sees that a change log names the wrong records", async () => {
  assertEquals(await brokenPromises({ wrapDatabase: misnamedChanges }, 3), [
    "fresh",
    "linearizable",
    "session",
  ]);
});

Deno.test("checkHistory() sees that a cache passes old values off as new", async () => {
  const broken = await brokenPromises({ wrapCache: restampedValues }, 3);
  assertEquals(broken.includes("linearizable") && broken.includes("fresh"), true);
});
