import { ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { fakeLauncher } from "./fake_launcher.ts";
import type { PlannedProcess } from "./plan.ts";
import { StartError, Supervisor } from "./supervisor.ts";

function planned(name: string, port: number, calls: string[] = []): PlannedProcess {
  return { name, group: name, role: "store", host: "127.0.0.1", port, flags: [], calls };
}

const chain = [planned("database", 3), planned("edge", 1, ["service"]), planned("service", 2, ["database"])];

function setup(options: { obedient?: boolean; unready?: Set<string> } = {}) {
  const { obedient = true, unready = new Set<string>() } = options;
  const clock = new ManualClock();
  const launcher = fakeLauncher({ obedient });
  const stopped: string[] = [];
  const supervisor = new Supervisor(chain, {
    launch: launcher.launch,
    probe: ({ name }) => Promise.resolve(unready.has(name) ? "not yet" : undefined),
    patience: 1_000,
    clock,
    onState: ({ plan }, { kind }) => void (kind === "stopped" && stopped.push(plan.name)),
  });
  return { clock, launcher, stopped, supervisor, unready };
}

Deno.test("start() starts every process at once", async () => {
  const { launcher, supervisor } = setup();
  supervisor.start();
  assertEquals(launcher.launched.map(({ name }) => name), ["database", "edge", "service"]);
  await supervisor.stop();
});

Deno.test("ready resolves when every process has been ready", async () => {
  const { clock, supervisor, unready } = setup({ unready: new Set(["service"]) });
  supervisor.start();
  await clock.advance(500);
  assertEquals(supervisor.waitingFor.map(({ plan }) => plan.name), ["service"]);
  unready.clear();
  await clock.advance(100);
  await supervisor.ready;
  assertEquals(supervisor.waitingFor, []);
  await supervisor.stop();
});

Deno.test("ready rejects with StartError naming a process that was called wrongly", async () => {
  const { clock, launcher, supervisor } = setup({ unready: new Set(["service"]) });
  supervisor.start();
  launcher.latest("service").write("--port: must be a number");
  launcher.latest("service").exit(2);
  await clock.advance(0);
  const error = await assertRejects(() => supervisor.ready, StartError, "--port: must be a number");
  assertEquals(error.process, "service");
  await supervisor.stop();
});

Deno.test("stop() stops from the edge inwards, a tier after the one before has gone", async () => {
  const { clock, launcher, stopped, supervisor } = setup({ obedient: false });
  supervisor.start();
  await clock.advance(0);
  const stopping = supervisor.stop();
  const told: string[] = [];
  for (const name of ["edge", "service", "database"]) {
    told.push(name);
    await clock.advance(0);
    const closed = launcher.launched.filter(({ inputClosed }) => inputClosed);
    assertEquals(new Set(closed.map((process) => process.name)), new Set(told));
    launcher.latest(name).exit(0);
  }
  assertEquals(await stopping, []);
  assertEquals(stopped, ["edge", "service", "database"]);
});

Deno.test("stop() names those that had to be ended by force", async () => {
  const { clock, supervisor } = setup({ obedient: false });
  supervisor.start();
  await clock.advance(0);
  const stopping = supervisor.stop();
  for (let tier = 0; tier < 3; tier++) await clock.advance(1_000);
  assertEquals(await stopping, ["edge", "service", "database"]);
});

Deno.test("kill() ends everything at once while stop() is waiting", async () => {
  const { clock, launcher, supervisor } = setup({ obedient: false });
  supervisor.start();
  await clock.advance(0);
  const stopping = supervisor.stop();
  const killing = supervisor.kill();
  await clock.advance(0);
  await Promise.all([stopping, killing]);
  assert(launcher.launched.every(({ killed }) => killed));
  assertEquals(clock.pending, 0);
});
