import { configureLogging, production } from "@flotilla/runtime";
import { join } from "@std/path";
import { openControlPort } from "./control/control_port.ts";
import { takeOrders } from "./control/take_orders.ts";
import { DataFolderError } from "./data_folder.ts";
import { drainOrder } from "./drain_order.ts";
import { denoLauncher } from "./launch.ts";
import { LogFile } from "./log_file.ts";
import { nextSteps } from "./next_steps.ts";
import { originOf, type PlannedProcess } from "./plan.ts";
import { processTable } from "./process_table.ts";
import { writePrometheusTargets } from "./prometheus_targets.ts";
import { publishTopology } from "./publish_topology.ts";
import { probeReadiness } from "./readiness_probe.ts";
import { Reporter } from "./reporter.ts";
import { type StopSignals, stopSignals } from "./stop_signals.ts";
import { StartError, Supervisor } from "./supervisor.ts";
import type { Terminal } from "./terminal.ts";
import type { CheckedTopology } from "./topology_schema.ts";
import { type NewDatabase, newDatabase, userDatabase } from "./user_database.ts";

/** Milliseconds between two notices of what is still waited for. */
const NOTICE_INTERVAL = 10_000;
/** Milliseconds that a process has beyond its drain time before it is ended by force. */
const MARGIN = 2_000;

/** How {@linkcode runSystem} runs. */
export interface RunOptions {
  /** The folder of the workspace, absolute. */
  root: string;
  /** The folder for databases and logs, absolute. */
  data: string;
  /** Seconds that requests in flight have to finish when the system stops. */
  drain: number;
  /** Whether the end of standard input stops the system as well. */
  supervised: boolean;
  /** What runs. */
  topology: CheckedTopology;
  /** The topology before `--scale`. */
  home: CheckedTopology;
}

/**
 * Runs the processes of a topology until someone asks to stop, then drains them in order. Meanwhile it takes orders.
 *
 * @returns the exit code: 0 when everything went as asked, 1 when something could not start or had to be ended by force
 * @throws {DataFolderError} when nothing can be kept in the folder of the data
 */
export async function runSystem(
  processes: readonly PlannedProcess[],
  terminal: Terminal,
  options: RunOptions,
): Promise<number> {
  const { root, data, drain, supervised } = options;
  const logs = join(data, "logs");
  await Deno.mkdir(logs, { recursive: true }).catch((error) => {
    throw new DataFolderError(data, error);
  });
  const users = await developmentUsers(processes);
  using signals = stopSignals({ supervised });
  using log = new LogFile(join(logs, "supervisor.log"));
  await configureLogging({ instance: "supervisor", format: "json", write: (line) => log.append(line) });
  using reporter = new Reporter(terminal, { logs });
  await using port = openControlPort();
  const supervisor: Supervisor = new Supervisor(processes, {
    launch: denoLauncher({
      root,
      drain,
      control: port.origin,
      processes: () => supervisor.processes.map(({ plan }) => plan),
      extraFlags: ({ role }) => role === "auth" && users?.fresh === true ? ["--seed-development-admin"] : [],
    }),
    probe: probeReadiness,
    patience: drain * 1_000 + MARGIN,
    onState: reporter.onState,
    onLine: reporter.onLine,
  });
  const tellAll = async (running: readonly PlannedProcess[]) => {
    await writePrometheusTargets(running, data);
    await publish(running, { terminal, control: port.origin });
  };
  await using orders = await takeOrders(supervisor, { ...options, port, terminal, publish: tellAll });
  supervisor.start();
  const started = await untilReady(supervisor, terminal, signals);
  if (started === "ready") {
    await tellAll(processes);
    orders.begin();
    announce(supervisor, terminal, { logs, developmentAdmin: users?.fresh ?? false });
    await users?.settle();
    await signals.asked;
  }
  const stopped = await stopAll(supervisor, terminal, signals);
  const { forgotten } = orders;
  if (forgotten.length > 0) terminal.say(`Orders end with the system: ${forgotten.join(", ")}`);
  return started === "failed" || !stopped ? 1 : 0;
}

/** Without it the system does all but show itself. */
async function publish(
  processes: readonly PlannedProcess[],
  { terminal, control }: { terminal: Terminal; control: string },
): Promise<void> {
  try {
    await publishTopology(processes, { control });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    terminal.say(`The dashboard has no topology to show: ${reason}`, "notice");
  }
}

/** The new database in which an account for development is made; `undefined` in production. */
async function developmentUsers(processes: readonly PlannedProcess[]): Promise<NewDatabase | undefined> {
  const path = production() ? undefined : userDatabase(processes);
  return path === undefined ? undefined : await newDatabase(path);
}

async function untilReady(
  supervisor: Supervisor,
  terminal: Terminal,
  signals: StopSignals,
): Promise<"ready" | "asked to stop" | "failed"> {
  const notice = setInterval(() => {
    for (const { plan, unready } of supervisor.waitingFor) {
      terminal.tell(plan.name, `not ready yet: ${unready}`, "notice");
    }
  }, NOTICE_INTERVAL);
  try {
    return await Promise.race([
      supervisor.ready.then(() => "ready" as const),
      signals.asked.then(() => "asked to stop" as const),
    ]);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    terminal.say(error.message, "bad");
    return "failed";
  } finally {
    clearInterval(notice);
  }
}

function announce(
  supervisor: Supervisor,
  terminal: Terminal,
  options: { logs: string; developmentAdmin: boolean },
): void {
  const edge = originOf(edgeOf(supervisor.processes.map(({ plan }) => plan)));
  terminal.say(`\n${processTable(supervisor.processes)}\n`);
  terminal.title(`Flotilla is ready on ${edge}`);
  if (options.developmentAdmin) {
    terminal.say(
      "Warning: this new database has an account for development: admin, with the password password.\n" +
        "Change it before anyone else can reach this machine: PUT /auth/password",
      "notice",
    );
  }
  terminal.say(`\n${nextSteps({ edge, ...options })}`);
}

/** The process that clients call: the first that no other calls. */
function edgeOf(processes: readonly PlannedProcess[]): PlannedProcess {
  const edge = drainOrder(processes)[0]?.[0];
  if (edge === undefined) throw new TypeError("Cannot find the edge: there is no process");
  return edge;
}

/** Drains and stops everything; answers whether nothing had to be ended by force. */
async function stopAll(supervisor: Supervisor, terminal: Terminal, signals: StopSignals): Promise<boolean> {
  terminal.say("\nDraining, from the edge inwards");
  const began = performance.now();
  const stopped = supervisor.stop();
  void signals.insisted.then(() => {
    terminal.say("Stopping at once", "notice");
    return supervisor.kill();
  });
  const killed = await stopped;
  if (killed.length > 0) terminal.say(`Ended by force: ${killed.join(", ")}`, "bad");
  terminal.say(`Everything has stopped, after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  return killed.length === 0;
}
