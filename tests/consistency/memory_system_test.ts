import { assertEquals, assertGreater } from "@std/assert";
import { misnamedChanges, restampedValues } from "./broken_invalidation.ts";
import { checkHistory, type Violation } from "./check_history.ts";
import type { History } from "./history.ts";
import { MemorySystem, type MemorySystemOptions } from "./memory_system.ts";
import { seededRandom } from "./seeded_random.ts";
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

Deno.test("checkHistory() sees that a change log names the wrong records", async () => {
  const violations = checkHistory(await run({ seed: 5, wrapDatabase: misnamedChanges }));
  assertEquals(promises(violations), ["fresh", "linearizable", "session"]);
});

Deno.test("checkHistory() sees that a cache passes old values off as new", async () => {
  const violations = checkHistory(await run({ seed: 6, wrapCache: restampedValues }));
  assertEquals(promises(violations).includes("linearizable"), true);
  assertEquals(promises(violations).includes("fresh"), true);
});
