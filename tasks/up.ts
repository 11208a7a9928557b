import {
  flag,
  type FlagValues,
  isFree,
  listFlag,
  number,
  readFlags,
  refuseToStart,
  switchFlag,
} from "@flotilla/runtime";
import { fromFileUrl, resolve } from "@std/path";
import { z } from "zod";
import { DataInUseError } from "./control/control_file.ts";
import { DataFolderError } from "./data_folder.ts";
import { type PlannedProcess, planProcesses } from "./plan.ts";
import { portOwners } from "./port_owners.ts";
import { describeTakenPorts, takenPorts } from "./ports.ts";
import { precache, PrecacheError } from "./precache.ts";
import { productionProblems } from "./production.ts";
import { runSystem } from "./run_system.ts";
import { scaleSchema, scaleTopology } from "./scale.ts";
import { Terminal } from "./terminal.ts";
import { withWebhooks } from "./webhooks.ts";
import { topology } from "./topology.ts";
import { parseTopology, readTopology, TopologyError } from "./topology_schema.ts";

const specs = {
  topology: flag(z.string().optional(), {
    help: "the processes to run, as JSON (default: tasks/topology.ts)",
    placeholder: "FILE",
  }),
  scale: listFlag(scaleSchema, { help: "how many instances of a role to run", placeholder: "service=4" }),
  data: flag(z.string().default("data"), { help: "folder for databases and logs", placeholder: "FOLDER" }),
  drain: flag(number(z.number().min(0).max(3_600)).default(10), {
    help: "seconds that requests in flight have to finish when the system stops",
    placeholder: "SECONDS",
  }),
  allowWebhooks: switchFlag({
    help: "let workers call every public address, for tasks of the kind http and for notify",
  }),
  supervised: switchFlag({ help: "stop when standard input ends" }),
};

/** The folder of the workspace. */
const root = resolve(fromFileUrl(import.meta.resolve("../")));

/** What is to run, and what would run without `--scale`. */
async function topologies(flags: FlagValues<typeof specs>) {
  try {
    const home = flags.topology === undefined
      ? parseTopology(topology, "tasks/topology.ts")
      : await readTopology(flags.topology);
    const granted = flags.allowWebhooks ? withWebhooks(home) : home;
    return { home: granted, topology: scaleTopology(granted, flags.scale, { isFree }) };
  } catch (error) {
    if (error instanceof TopologyError) refuseToStart(error.message);
    throw error;
  }
}

/** Says what keeps the system from starting, if anything does. */
async function obstacle(processes: readonly PlannedProcess[]): Promise<string | undefined> {
  const taken = takenPorts(processes);
  if (taken.length > 0) return describeTakenPorts(taken, await portOwners());
  try {
    await precache(root, processes.map(({ role }) => role));
  } catch (error) {
    if (error instanceof PrecacheError) return error.message;
    throw error;
  }
}

async function main(): Promise<number> {
  const program = { name: "deno task up", summary: "runs the whole system on this machine, until Ctrl-C" };
  const flags = readFlags(program, specs);
  const problems = productionProblems();
  if (problems.length > 0) refuseToStart(problems.join("\n"));
  const data = resolve(flags.data);
  const what = await topologies(flags);
  const processes = planProcesses(what.topology, { data });
  const terminal = new Terminal({ instances: processes.map(({ name }) => name) });
  terminal.say(`Starting ${processes.length} processes`);
  const reason = await obstacle(processes);
  if (reason === undefined) {
    try {
      return await runSystem(processes, terminal, { ...flags, ...what, root, data });
    } catch (error) {
      if (!(error instanceof DataInUseError || error instanceof DataFolderError)) throw error;
      terminal.say(error.message, "bad");
      return 1;
    }
  }
  terminal.say(reason, "bad");
  return 1;
}

Deno.exit(await main());
