import { STRATEGY_NAMES } from "@flotilla/balancer";
import {
  flag,
  listFlag,
  number,
  originSchema,
  readFlags,
  refuseToStart,
  switchFlag,
} from "@flotilla/runtime";
import { setColorEnabled } from "@std/fmt/colors";
import { z } from "zod";
import { topology } from "../topology.ts";
import { parseTopology, readTopology, TopologyError } from "../topology_schema.ts";
import { LoadError } from "./api_client.ts";
import { runLoads } from "./load_program.ts";
import { SCENARIO_NAMES, SCENARIOS } from "./scenario.ts";

const summaries = Object.values(SCENARIOS).map(({ name, summary }) => `${name} (${summary})`).join(", ");
const positive = (help: string) =>
  flag(number(z.number().positive()).optional(), { help, placeholder: "NUMBER" });

const flags = readFlags({
  name: "deno task load",
  summary: "makes a load and shows what the system does with it",
}, {
  scenario: flag(z.enum(SCENARIO_NAMES).default("balancing"), { help: summaries, placeholder: "NAME" }),
  rate: positive("requests a second (default: the scenario's)"),
  duration: positive("seconds (default: the scenario's)"),
  url: flag(originSchema.optional(), { help: "the system to load (default: the topology's edge)" }),
  username: flag(z.string().default("admin"), { help: "who signs in", env: "FLOTILLA_USERNAME" }),
  password: flag(z.string().default("password"), { help: "the password", env: "FLOTILLA_PASSWORD" }),
  topology: flag(z.string().optional(), {
    help: "what runs, as JSON (default: tasks/topology.ts)",
    placeholder: "FILE",
  }),
  compare: flag(
    z.string().transform((text) => text.split(",")).pipe(z.array(z.enum(STRATEGY_NAMES)).min(1)).optional(),
    {
      help: `the same load through a balancer of each of these: ${STRATEGY_NAMES.join(",")}`,
      placeholder: "A,B",
    },
  ),
  kill: listFlag(
    z.string().regex(/^\w+=[1-9]\d*$/, "must be INSTANCE=PID").transform((text) => {
      const [instance = "", pid] = text.split("=");
      return { instance, pid: Number(pid) };
    }),
    {
      help: "the process of an instance to kill, where it cannot be found by its port",
      placeholder: "INSTANCE=PID",
    },
  ),
  yes: switchFlag({ help: "kill what the scenario kills without asking" }),
  json: flag(z.string().optional(), { help: "write the report there, as JSON", placeholder: "FILE" }),
  html: flag(z.string().optional(), {
    help: "write the report there, as a page with plots",
    placeholder: "FILE",
  }),
});

setColorEnabled(Deno.stdout.isTerminal() && !Deno.noColor);
try {
  const checked = flags.topology === undefined
    ? parseTopology(topology, "tasks/topology.ts")
    : await readTopology(flags.topology);
  const clean = await runLoads(SCENARIOS[flags.scenario], { ...flags, topology: checked });
  Deno.exit(clean ? 0 : 1);
} catch (error) {
  if (error instanceof LoadError || error instanceof TopologyError) refuseToStart(error.message);
  throw error;
}
