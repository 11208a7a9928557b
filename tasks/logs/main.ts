import { flag, listFlag, readFlags, refuseToStart, sleep, switchFlag } from "@flotilla/runtime";
import { setColorEnabled } from "@std/fmt/colors";
import { join } from "@std/path";
import { z } from "zod";
import { Terminal } from "../terminal.ts";
import { createEntryReader, type LogEntry } from "./log_entry.ts";
import { findLogs, type InstanceLog, readLines } from "./log_files.ts";
import { isNamed, LEVELS, logFilter } from "./log_filter.ts";
import { LogTail } from "./log_tail.ts";
import { createLogView } from "./log_view.ts";
import { mergeByTime } from "./merge.ts";

const flags = readFlags({
  name: "deno task logs",
  summary: "shows the logs of all instances, merged by time",
}, {
  data: flag(z.string().default("data"), { help: "the folder that deno task up has", placeholder: "FOLDER" }),
  follow: switchFlag({ help: "go on with what is logged from now on, until Ctrl-C" }),
  level: flag(z.enum(LEVELS).default("trace"), { help: `from this level on: ${LEVELS.join(", ")}` }),
  request: flag(z.string().optional(), {
    help: "lines about the request with this x-request-id",
    placeholder: "ID",
  }),
  instance: listFlag(z.string(), {
    help: "lines of this instance, or of all of a group",
    placeholder: "NAME",
  }),
  json: switchFlag({ help: "the lines as they stand in the files" }),
});

/** Milliseconds between two looks at what was logged. */
const POLL_INTERVAL = 200;

async function wantedLogs(): Promise<InstanceLog[]> {
  const folder = join(flags.data, "logs");
  const logs = await findLogs(folder).catch(() => refuseToStart(`Cannot read ${folder}: give --data FOLDER`));
  return logs.filter(({ instance }) => isNamed(instance, flags.instance));
}

async function* entriesOf(log: InstanceLog): AsyncGenerator<LogEntry> {
  const read = createEntryReader(log.instance);
  for await (const line of readLines(log)) if (line !== "") yield read(line);
}

/** Shows all logs, and then what they gain, each time sorted by time. */
async function follow(logs: readonly InstanceLog[], show: (entry: LogEntry) => void): Promise<never> {
  const tails = logs.map(({ instance, path }) => ({
    read: createEntryReader(instance),
    tail: new LogTail(path),
  }));
  for (;;) {
    const gained = await Promise.all(tails.map(async ({ read, tail }) => (await tail.read()).map(read)));
    for (const entry of gained.flat().sort((a, b) => a.time - b.time)) show(entry);
    await sleep(POLL_INTERVAL);
  }
}

const logs = await wantedLogs();
const terminal = new Terminal();
setColorEnabled(Deno.stdout.isTerminal() && !Deno.noColor);
const { level, request, instance: instances } = flags;
const wanted = logFilter({ level, instances, ...(request === undefined ? {} : { request }) });
const render = flags.json
  ? ({ line }: LogEntry) => line
  : createLogView(logs.map(({ instance }) => instance));
const show = (entry: LogEntry) => {
  if (wanted(entry)) terminal.say(render(entry));
};
if (flags.follow) await follow(logs, show);
for await (const entry of mergeByTime(logs.map(entriesOf))) show(entry);
