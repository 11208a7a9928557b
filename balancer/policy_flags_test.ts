import { assertEquals, assertThrows } from "@std/assert";
import { FlagError, parseFlags } from "@flotilla/runtime";
import { readLimits } from "./admission.ts";
import { readHealth } from "./health_checker.ts";
import { readOutlier } from "./outlier_detector.ts";
import { policyFlags, policyOptions } from "./policy_flags.ts";
import { readRetry } from "./retry_policy.ts";
import { readPanic } from "./rotation.ts";
import { readSlowStart } from "./slow_start.ts";
import { readTimeouts } from "./timeouts.ts";

const options = (...args: string[]) => policyOptions(parseFlags(policyFlags, args, {}));

Deno.test("policyFlags have the defaults of the library", () => {
  const { health, outlier, panic, slowStart, retry, timeouts, limits } = options();
  assertEquals(health && readHealth(health), readHealth());
  assertEquals(outlier && readOutlier(outlier), readOutlier());
  assertEquals(readPanic(panic), readPanic());
  assertEquals(readSlowStart(slowStart), readSlowStart());
  assertEquals(readRetry(retry), readRetry());
  assertEquals(readTimeouts(timeouts), readTimeouts());
  assertEquals(readLimits(limits), readLimits());
});

Deno.test("policyOptions() says what the flags say", () => {
  assertEquals(
    options(
      ...["--health-path=/live", "--health-interval=1000", "--health-jitter=0.2", "--health-timeout=900"],
      ...["--health-rise=3", "--health-fall=4", "--eject-after=7", "--eject-for=500", "--eject-at-most=0.3"],
      ...["--panic-below=0.4", "--slow-start=0", "--retries=0", "--retry-budget=0.1", "--connect-timeout=1"],
      ...["--first-byte-timeout=2", "--idle-timeout=3", "--total-timeout=4", "--max-connections=5"],
      ...["--max-queue=0", "--queue-timeout=6"],
    ),
    {
      health: { path: "/live", interval: 1_000, jitter: 0.2, timeout: 900, rise: 3, fall: 4 },
      outlier: { consecutive: 7, baseEjection: 500, maxShare: 0.3 },
      panic: { threshold: 0.4 },
      slowStart: { window: 0 },
      retry: { attempts: 1, budget: { ratio: 0.1 } },
      timeouts: { connect: 1, firstByte: 2, idle: 3, total: 4 },
      limits: { connections: 5, queue: 0, queueTimeout: 6 },
    },
  );
  assertEquals(options("--eject-after=0").outlier, false);
});

Deno.test("policyFlags name what is out of range", () => {
  for (
    const [name, value] of [["--health-fall", "0"], ["--idle-timeout", "0"], [
      "--eject-at-most",
      "2",
    ]] as const
  ) {
    assertThrows(() => options(name, value), FlagError, name);
  }
});
