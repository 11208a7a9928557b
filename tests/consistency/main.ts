import { flag, number, readFlags, seededRandom, switchFlag } from "@flotilla/runtime";
import { z } from "zod";
import { signIn } from "../client.ts";
import { startSystem, type System } from "../system.ts";
import { checkHistory, type Violation } from "./check_history.ts";
import { disturb } from "./disturber.ts";
import type { History, Operation } from "./history.ts";
import { sabotage } from "./saboteur.ts";
import { runWorkload, type Send } from "./workload.ts";

const flags = readFlags({
  name: "deno task consistency",
  summary: "writes and reads through the edge while services and cache are killed, and checks every history.",
}, {
  seconds: flag(number(z.number().min(1).max(86_400)).default(60), { help: "how long clients go on" }),
  clients: flag(number(z.number().int().min(1).max(1_000)).default(16), {
    help: "how many clients there are",
  }),
  keys: flag(number(z.number().int().min(1).max(10_000)).default(8), { help: "how many records they share" }),
  pause: flag(number(z.number().min(0)).default(3), {
    help: "seconds between one process being back and the next kill",
  }),
  seed: flag(number(z.number().int()).default(1), { help: "what the choices are made from" }),
  sabotage: switchFlag({ help: "break the invalidation on purpose: the check must then fail" }),
});

/** Longest that a client waits for an answer; milliseconds. */
const PATIENCE = 20_000;
const random = seededRandom(flags.seed);

await using system = await startSystem({
  groupFlags: { api_gateway: { "caller-limit": "off", "address-limit": "off" } },
});
const kills = new Map<string, number>();
const history = await observe(system);
const violations = checkHistory(history);
report(history, violations);
await system.stop();
Deno.exit(violations.length === 0 ? 0 : 1);

async function observe(running: System): Promise<History> {
  const client = await signIn(running.origin);
  const send: Send = async (_name, { method, path, headers, json }) => {
    const response = await fetch(`${running.origin}${path}`, {
      method,
      headers: {
        ...headers,
        authorization: `Bearer ${client.token}`,
        ...(json === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(PATIENCE),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
  };
  const end = AbortSignal.timeout(flags.seconds * 1_000);
  const keys = Array.from({ length: flags.keys }, (_, index) => `consistency-${flags.seed}-${index}`);
  const disturbance = disturb(running, {
    victims: ["service_1", "service_2", "cache"],
    pause: flags.pause * 1_000,
    random,
    signal: end,
    onKill: (name) => kills.set(name, (kills.get(name) ?? 0) + 1),
  });
  const broken = flags.sabotage
    ? sabotage({ database: running.originOf("database"), cache: running.originOf("cache") }, end)
    : undefined;
  const [seen] = await Promise.all([
    runWorkload({ send, clients: flags.clients, keys, signal: end, random, maxStale: 2_000 }),
    disturbance,
    broken,
  ]);
  return seen;
}

function report(seen: History, found: readonly Violation[]): void {
  const outcomes = Object.entries(Object.groupBy(seen, ({ outcome }) => outcome.kind))
    .map(([kind, operations = []]) => `${kind} ${operations.length}`).join(", ");
  const killed = [...kills].map(([name, count]) => `${name} ${count} times`).join(", ");
  print(
    `${seen.length} requests by ${flags.clients} clients on ${flags.keys} records in ${flags.seconds} s: ${outcomes}`,
  );
  print(`killed: ${killed || "nothing"}`);
  for (const [reason, operations = []] of Object.entries(Object.groupBy(seen, reasonOf))) {
    if (reason !== "") print(`without an answer, ${operations.length} times: ${reason}`);
  }
  for (const { promise, key, detail } of found.slice(0, 10)) print(`BROKEN ${promise}, ${key}: ${detail}`);
  print(found.length === 0 ? "Every promise was kept" : `${found.length} times a promise was broken`);
}

function reasonOf({ call, outcome }: Operation): string {
  return outcome.kind === "unknown" ? `${call.kind}: ${outcome.reason}` : "";
}

function print(line: string): void {
  // deno-lint-ignore no-console -- a program for the terminal
  console.log(line);
}
