import { ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals } from "@std/assert";
import { fakeLauncher, type FakeLauncherOptions } from "./fake_launcher.ts";
import type { PlannedProcess } from "./plan.ts";
import { type ProcessState, SupervisedProcess } from "./process.ts";

const plan: PlannedProcess = {
  name: "service_1",
  group: "service",
  role: "service",
  host: "127.0.0.1",
  port: 5_003,
  flags: [],
  calls: [],
};

/** A process under a clock that stands still, ready at once unless `unready` says why not. */
function setup(options: FakeLauncherOptions = {}) {
  const clock = new ManualClock();
  const launcher = fakeLauncher(options);
  const states: ProcessState[] = [];
  const lines: string[] = [];
  const unready: { reason: string | undefined } = { reason: undefined };
  const process = new SupervisedProcess(plan, {
    launch: launcher.launch,
    probe: () => Promise.resolve(unready.reason),
    clock,
    onState: (_process, state) => states.push(state),
    onLine: (_process, line) => lines.push(line),
  });
  return { clock, launcher, states, lines, unready, process };
}

Deno.test("SupervisedProcess is starting until its probe says that it is ready", async () => {
  const { clock, process, unready } = setup();
  unready.reason = "database: does not answer";
  process.start();
  await clock.advance(1_000);
  assertEquals(process.state.kind, "starting");
  assertEquals(process.unready, "database: does not answer");
  unready.reason = undefined;
  await clock.advance(100);
  assertEquals(process.state.kind, "ready");
  assert(await process.stop(1_000));
});

Deno.test("SupervisedProcess starts a process again that died, after the back-off", async () => {
  const { clock, launcher, process, states } = setup();
  process.start();
  await clock.advance(0);
  launcher.latest("service_1").exit(137, "SIGKILL");
  await clock.advance(99);
  assertEquals(launcher.launched.length, 1);
  await clock.advance(1);
  assertEquals(launcher.launched.length, 2);
  assertEquals(states.slice(0, 5), [
    { kind: "starting", pid: 1 },
    { kind: "ready", pid: 1 },
    { kind: "died", pid: 1, exit: { code: 137, signal: "SIGKILL" }, delay: 100 },
    { kind: "starting", pid: 2 },
    { kind: "ready", pid: 2 },
  ]);
  assert(await process.stop(1_000));
});

Deno.test("SupervisedProcess waits longer each time that a process dies young", async () => {
  const { clock, launcher, process, states } = setup();
  process.start();
  for (const delay of [100, 200, 400]) {
    await clock.advance(0);
    launcher.latest("service_1").exit(1);
    await clock.advance(delay);
  }
  assertEquals(states.flatMap((state) => state.kind === "died" ? [state.delay] : []), [100, 200, 400]);
  assert(await process.stop(1_000));
});

Deno.test("SupervisedProcess does not try again what was called wrongly, and tells what it said", async () => {
  const { clock, launcher, process, unready } = setup();
  unready.reason = "does not answer yet";
  process.start();
  const launched = launcher.latest("service_1");
  launched.write("--colour: is not a flag of this program");
  launched.exit(2);
  await clock.advance(60_000);
  assertEquals(process.state, { kind: "refused", reason: "--colour: is not a flag of this program" });
  assertEquals(launcher.launched.length, 1);
});

Deno.test("SupervisedProcess starts a process again that ends with 2 after it was ready", async () => {
  const { clock, launcher, process } = setup();
  process.start();
  await clock.advance(0);
  launcher.latest("service_1").exit(2);
  await clock.advance(100);
  assertEquals(launcher.launched.length, 2);
  assert(await process.stop(1_000));
});

Deno.test("SupervisedProcess passes on every line that the process writes", async () => {
  const { clock, launcher, lines, process } = setup();
  process.start();
  launcher.latest("service_1").write("one");
  launcher.latest("service_1").write("two");
  await clock.advance(0);
  assert(await process.stop(1_000));
  assertEquals(lines, ["one", "two"]);
});

Deno.test("stop() closes standard input and waits for the process to end", async () => {
  const { clock, launcher, process, states } = setup();
  process.start();
  await clock.advance(0);
  assert(await process.stop(1_000));
  assert(launcher.latest("service_1").inputClosed);
  assert(!launcher.latest("service_1").killed);
  assertEquals(states.at(-1), { kind: "stopped" });
});

Deno.test("stop() ends a process by force that does not stop in time", async () => {
  const { clock, launcher, process } = setup({ obedient: false });
  process.start();
  await clock.advance(0);
  const stopped = process.stop(1_000);
  await clock.advance(999);
  assert(!launcher.latest("service_1").killed);
  await clock.advance(1);
  assertEquals(await stopped, false);
  assert(launcher.latest("service_1").killed);
});

Deno.test("stop() ends the wait for a restart", async () => {
  const { clock, launcher, process } = setup();
  process.start();
  await clock.advance(0);
  launcher.latest("service_1").exit(1);
  await clock.advance(50);
  assert(await process.stop(1_000));
  await clock.advance(60_000);
  assertEquals(launcher.launched.length, 1);
  assertEquals(clock.pending, 0);
});

Deno.test("stop() may come before start() and come twice", async () => {
  const { process, launcher } = setup();
  assert(await process.stop(1_000));
  process.start();
  assert(await process.stop(1_000));
  assertEquals(launcher.launched.length, 0);
});
