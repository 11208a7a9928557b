import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { fakeLauncher } from "./fake_launcher.ts";
import { SupervisedProcess } from "./process.ts";
import { Reporter } from "./reporter.ts";
import { Terminal } from "./terminal.ts";

const permitted = await Promise.all(
  (["read", "write"] as const).map(async (name) =>
    (await Deno.permissions.query({ name })).state === "granted"
  ),
);
const ignore = permitted.includes(false);

interface Setup {
  reporter: Reporter;
  process: SupervisedProcess;
  clock: ManualClock;
  lines: string[];
  logs: string;
}

async function withReporter(use: (setup: Setup) => Promise<void> | void): Promise<void> {
  const logs = await Deno.makeTempDir();
  try {
    const clock = new ManualClock();
    const lines: string[] = [];
    const terminal = new Terminal({ write: (line) => lines.push(line), colour: false });
    using reporter = new Reporter(terminal, { logs, clock });
    const plan = {
      name: "cache",
      group: "cache",
      role: "store" as const,
      host: "127.0.0.1",
      port: 5_006,
      flags: [],
      calls: [],
    };
    const { launch } = fakeLauncher();
    const process = new SupervisedProcess(plan, { launch, probe: () => Promise.resolve(undefined) });
    await use({ reporter, process, clock, lines, logs });
  } finally {
    await Deno.remove(logs, { recursive: true });
  }
}

const warning = JSON.stringify({ level: "warning", message: "the disk is slow" });
const info = JSON.stringify({ level: "info", message: "listens" });

Deno.test({
  name: "Reporter tells when a process is ready, has died and is ready again",
  ignore,
  fn: () =>
    withReporter(async ({ reporter, process, clock, lines }) => {
      await clock.advance(60_000);
      reporter.onState(process, { kind: "starting", pid: 7 });
      await clock.advance(1_500);
      reporter.onState(process, { kind: "ready", pid: 7 });
      const exit = { code: 137, signal: "SIGKILL" };
      reporter.onState(process, { kind: "died", pid: 7, exit, delay: 100 });
      reporter.onState(process, { kind: "ready", pid: 8 });
      assertEquals(lines, [
        "cache | is ready after 1.5 s",
        "cache | process 7 was ended by SIGKILL; starts again in 100 ms",
        "cache | is ready again, as process 8",
      ]);
    }),
});

Deno.test({
  name: "Reporter shows warnings once the process has been ready, and nothing that is routine",
  ignore,
  fn: () =>
    withReporter(({ reporter, process, lines }) => {
      reporter.onLine(process, warning);
      reporter.onState(process, { kind: "ready", pid: 7 });
      reporter.onLine(process, info);
      reporter.onLine(process, warning);
      assertEquals(lines.slice(1), ["cache | the disk is slow"]);
    }),
});

Deno.test({
  name: "Reporter keeps every line in the log of its process",
  ignore,
  fn: () =>
    withReporter(async ({ reporter, process, logs }) => {
      reporter.onLine(process, info);
      reporter.onLine(process, warning);
      assertStringIncludes(await Deno.readTextFile(join(logs, "cache.log")), `${info}\n${warning}\n`);
    }),
});
