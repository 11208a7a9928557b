import { flag, number, originSchema, readFlags, refuseToStart, switchFlag } from "@flotilla/runtime";
import { TASK_STATUSES } from "@flotilla/worker";
import { z } from "zod";
import { LoadError, signIn } from "../load/api_client.ts";
import { Terminal } from "../terminal.ts";
import { RefusedByApiError, TaskApi } from "./task_api.ts";
import { COMMANDS, runCommand } from "./task_commands.ts";

const [words, rest] = leadingWords(Deno.args);
const [command, ...ids] = words;

const flags = readFlags({
  name: "deno task tasks list | show ID… | retry ID… | cancel ID… | tail ID…",
  summary: "looks at tasks of a running system, sends them again, ends them, follows them",
}, {
  status: flag(z.enum(TASK_STATUSES).optional(), { help: `list: ${TASK_STATUSES.join(", ")}` }),
  task: flag(z.string().optional(), { help: "list: of this kind", placeholder: "KIND" }),
  schedule: flag(z.string().optional(), { help: "list: of this schedule", placeholder: "ID" }),
  limit: flag(number(z.number().int().min(1).max(10_000)).default(20), { help: "list: how many at most" }),
  owner: flag(z.string().optional(), {
    help: "whose tasks, for administrators; list --status failed --owner '*' for everybody's dead letters",
    placeholder: "NAME",
  }),
  url: flag(originSchema.default("http://127.0.0.1:8000"), { help: "where the system is" }),
  username: flag(z.string().default("admin"), { help: "who signs in", env: "FLOTILLA_USERNAME" }),
  password: flag(z.string().default("password"), { help: "the password", env: "FLOTILLA_PASSWORD" }),
  json: switchFlag({ help: "JSON; tail writes one object a line" }),
}, rest);

const known = COMMANDS.find((name) => name === command);
if (known === undefined) {
  refuseToStart(`${command ?? "What to do"}: must be one of ${COMMANDS.join(", ")}`);
}
if (known === "list" && ids.length > 0) refuseToStart(`list: takes no id, got ${ids.join(" ")}`);
if (known !== "list" && ids.length === 0) refuseToStart(`${known}: which task? Give an id`);

const { status, task, schedule, limit, owner, url, username, password, json } = flags;
const terminal = new Terminal();
const complain = (text: string) => void Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
try {
  const well = await runCommand(known, ids, {
    api: async () => new TaskApi(await signIn(url, { username, password }), { owner }),
    say: (text) => terminal.say(text),
    complain,
    json,
    limit,
    filter: { status, task, schedule },
  });
  Deno.exit(well ? 0 : 1);
} catch (error) {
  if (error instanceof LoadError) refuseToStart(error.message);
  if (!(error instanceof RefusedByApiError)) throw error;
  complain(error.message);
  Deno.exit(1);
}

/** What comes before the first flag, and the rest. */
function leadingWords(args: readonly string[]): [string[], string[]] {
  const first = args.findIndex((argument) => argument.startsWith("-"));
  return first < 0 ? [[...args], []] : [args.slice(0, first), args.slice(first)];
}
