import { createPasswordHasher } from "@flotilla/auth";
import { type Client, signIn, startSystem, type System } from "@flotilla/tests";
import { cpuUsage } from "node:process";
import { dirname, fromFileUrl, join } from "@std/path";
import { wrk, type WrkResult } from "../wrk.ts";
import { type Answers, flood, login, PASSWORD, USERS } from "./logins.ts";

/** How {@linkcode floodLogins} measures. */
export interface LoginFloodOptions {
  /** `GET /data` a second. */
  rate: number;
  /** Of each phase. */
  seconds: number;
  /** How often both phases are measured. */
  rounds: number;
}

/** `GET /data` without and with a flood, one after the other. */
export interface Round {
  readonly calm: WrkResult;
  readonly flooded: WrkResult;
}

/** What a flood of logins does to everybody else. */
export interface LoginFlood {
  /** Hashes a second that one core of this machine does when it does nothing else. */
  readonly hashes: number;
  /** Logins a second that the flood asked for: ten times what all cores could hash. */
  readonly offered: number;
  /** Logins a second that were answered, whatever the answer. */
  readonly answered: number;
  /** Logins a second that were answered 200 in the flood. */
  readonly signedIn: number;
  /** Logins a second with as many clients as hashes wait in the system, without other load. */
  readonly alone: number;
  /** Shares of the flood by the status of the answer. */
  readonly answers: Answers;
  /** By their p99's growth, ascending. */
  readonly rounds: readonly Round[];
}

/** Clients that log in one time after another, for the throughput without other load. */
const CLIENTS = 16;
/** Seconds by which a flood begins before it is looked at what it does, and ends after that. */
const LEAD = 1;
/** Seconds of a flood before the first that counts, so that compilers have seen what runs often. */
const WARM_UP = 6;

const PACED = join(dirname(fromFileUrl(import.meta.url)), "..", "balancer", "paced.lua");

/** Starts a system, measures `GET /data` at a steady rate without and with a flood of logins in turn, and stops it. */
export async function floodLogins(options: LoginFloodOptions): Promise<LoginFlood> {
  const { rate, seconds, rounds } = options;
  const hashes = await hashesASecond();
  const offered = Math.round(10 * hashes * navigator.hardwareConcurrency);
  await using system = await startSystem({ groupFlags: FROM_EVERYWHERE });
  const admin = await signIn(system.origin);
  await makeUsers(admin);
  const alone = await loginsAlone(system, 1_000 * seconds);
  const read = (seconds: number) => readData(system, { token: admin.token, rate, seconds });
  const flooding = (seconds: number) => flood({ origin: system.origin, rate: offered, seconds });
  await Promise.all([read(WARM_UP), flooding(WARM_UP)]);
  const measured: Round[] = [];
  const answers: Answers[] = [];
  for (let round = 0; round < rounds; round++) {
    const calm = await read(seconds);
    const lead = new Promise((resolve) => setTimeout(resolve, 1_000 * LEAD));
    const [answered, flooded] = await Promise.all([
      flooding(seconds + 2 * LEAD),
      lead.then(() => read(seconds)),
    ]);
    answers.push(answered);
    measured.push({ calm, flooded });
  }
  const flooded = rounds * (seconds + 2 * LEAD);
  return { hashes, offered, alone, ...sumUp(answers, flooded), rounds: ascending(measured) };
}

/** The flood has as many addresses as it likes, so that no limit on one of them takes it off the hashing. */
const FROM_EVERYWHERE = {
  load_balancer_api_gateway: { "trusted-proxy": "127.0.0.0/8" },
  api_gateway: { "address-limit": "off", "caller-limit": "off" },
};

async function hashesASecond(): Promise<number> {
  const hasher = createPasswordHasher();
  for (let i = 0; i < 5; i++) await hasher.hash(PASSWORD);
  const begun = cpuUsage();
  for (let i = 0; i < 20; i++) await hasher.hash(PASSWORD);
  const { user, system } = cpuUsage(begun);
  return 20_000_000 / (user + system);
}

async function makeUsers(admin: Client): Promise<void> {
  for (let user = 0; user < USERS; user++) {
    const json = { username: `user-${user}`, password: PASSWORD, role: "user" };
    const { status, text } = await admin.send("POST", "/auth/users", { json });
    if (status !== 201) throw new Error(`Cannot make a user: ${status} ${text}`);
  }
}

async function loginsAlone({ origin }: System, duration: number): Promise<number> {
  const begun = performance.now();
  let [turn, signedIn] = [0, 0];
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    while (performance.now() - begun < duration) {
      const response = await fetch(`${origin}/auth/login`, login(turn++));
      await response.bytes();
      if (response.status === 200) signedIn++;
    }
  }));
  return 1_000 * signedIn / (performance.now() - begun);
}

/**
 * Reads from as many connections as there are reads a second, each of which waits a second between two: so one that is kept
 * waiting keeps next to nothing else from being sent, as in an open loop. wrk is a process of its own that does nothing else,
 * so that what it tells is not its own lateness.
 */
function readData(
  { origin }: System,
  { token, rate, seconds }: { token: string; rate: number; seconds: number },
): Promise<WrkResult> {
  return wrk(`${origin}/data`, {
    connections: rate,
    seconds,
    headers: { authorization: `Bearer ${token}` },
    script: PACED,
    args: [String(rate), String(rate)],
  });
}

function sumUp(floods: readonly Answers[], seconds: number) {
  const counts = new Map<string, number>();
  for (const [status, count] of floods.flatMap((answers) => Object.entries(answers))) {
    counts.set(status, (counts.get(status) ?? 0) + count);
  }
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return {
    answered: all / seconds,
    signedIn: (counts.get("200") ?? 0) / seconds,
    answers: Object.fromEntries([...counts].map(([status, count]) => [status, count / all])),
  };
}

function ascending(rounds: readonly Round[]): Round[] {
  return rounds.toSorted((a, b) => growthOf(a) - growthOf(b));
}

/** By how many times the flood made the p99 of `GET /data` longer. */
export function growthOf({ calm, flooded }: Round): number {
  return flooded.p99 / calm.p99;
}
