import { flag, number, readFlags, refuseToStart, SecretError, sleep, switchFlag } from "@flotilla/runtime";
import { setColorEnabled } from "@std/fmt/colors";
import { z } from "zod";
import { LiveScreen } from "../load/live_screen.ts";
import { Terminal } from "../terminal.ts";
import { TopologyError } from "../topology_schema.ts";
import { renderStatus } from "./status_view.ts";
import { type Look, lookAround, type SystemStatus, systemStatus } from "./system_status.ts";
import { systemSource } from "./system_source.ts";

const flags = readFlags({
  name: "deno task status",
  summary: "shows how a running system does, until Ctrl-C",
}, {
  topology: flag(z.string().optional(), {
    help: "what runs, as JSON (default: what the system with these data says)",
    placeholder: "FILE",
  }),
  data: flag(z.string().default("data"), { help: "folder of the system's data", placeholder: "FOLDER" }),
  interval: flag(number(z.number().min(0.2).max(60)).default(1), { help: "seconds between two looks" }),
  json: switchFlag({
    help: "look for one interval, write JSON and exit: 0 when every instance is ready, else 1",
  }),
});

const source = await systemSource(flags).catch((error) => {
  if (error instanceof TopologyError) refuseToStart(error.message);
  throw error;
});

async function look(): Promise<Look[]> {
  const processes = await source().catch((error) => {
    if (error instanceof SecretError) refuseToStart(error.message);
    throw error;
  });
  return await lookAround(processes, {
    fetch: (url, signal) => fetch(url, { signal }),
    now: () => Date.now(),
  });
}

async function* statuses(): AsyncGenerator<SystemStatus> {
  let before = await look();
  for (;;) {
    await sleep(flags.interval * 1_000);
    const now = await look();
    yield systemStatus(before, now);
    before = now;
  }
}

/** Shows status after status in place, or one when standard output is no terminal. */
async function show(): Promise<void> {
  const live = Deno.stdout.isTerminal();
  setColorEnabled(live && !Deno.noColor);
  using screen = live ? new LiveScreen() : undefined;
  Deno.addSignalListener("SIGINT", () => {
    screen?.[Symbol.dispose]();
    Deno.exit(0);
  });
  for await (const status of statuses()) {
    const lines = renderStatus(status, { columns: live ? Deno.consoleSize().columns : Infinity });
    if (screen === undefined) return new Terminal().say(lines.join("\n"));
    screen.draw(lines);
  }
}

async function writeJson(): Promise<number> {
  const { value } = await statuses().next();
  new Terminal().say(JSON.stringify(value, null, 2));
  return value?.totals.ready === value?.totals.instances ? 0 : 1;
}

if (flags.json) Deno.exit(await writeJson());
await show();
Deno.exit(0);
