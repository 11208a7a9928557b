import { createPasswordHasher } from "@flotilla/auth";
import { type Client, signIn, startSystem, type System } from "@flotilla/tests";
import { openLoop, type Sample, type Span, sumUp } from "../balancer/open_loop.ts";
import { flood, login, PASSWORD, USERS } from "./logins.ts";

/** How {@linkcode floodLogins} measures. */
export interface LoginFloodOptions {
  /** `GET /data` a second. */
  rate: number;
  /** Milliseconds of each phase. */
  duration: number;
  /** How often both phases are measured. */
  rounds: number;
}

/** What a flood of logins does to everybody else. */
export interface LoginFlood {
  /** Hashes a second that one core of this machine does when it does nothing else. */
  readonly hashes: number;
  /** Logins a second that the flood asked for: ten times what all cores could hash. */
  readonly offered: number;
  /** Logins a second that were answered 200 in the flood. */
  readonly signedIn: number;
  /** Logins a second with as many clients as hashes wait in the system, without other load. */
  readonly alone: number;
  /** Shares of the flood by the status of the answer. */
  readonly answers: Readonly<Record<string, number>>;
  /** Of `GET /data`, without and with the flood; the round in the middle by its p99's growth. */
  readonly calm: Span;
  readonly flooded: Span;
}

/** Clients that log in one time after another, for the throughput without other load. */
const CLIENTS = 16;

/** Starts a system, measures `GET /data` at a steady rate without and with a flood of logins, and stops it. */
export async function floodLogins(options: LoginFloodOptions): Promise<LoginFlood> {
  const { rate, duration, rounds } = options;
  const hashes = await hashesASecond();
  const offered = Math.round(10 * hashes * navigator.hardwareConcurrency);
  await using system = await startSystem({ groupFlags: FROM_EVERYWHERE });
  const admin = await signIn(system.origin);
  await makeUsers(admin);
  const alone = await loginsAlone(system, duration);
  const data = () => readData(system, { token: admin.token, rate, duration });
  await data();
  const measured: Round[] = [];
  const answers: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    const calm = await data();
    const flooding = flood({ origin: system.origin, rate: offered, duration });
    measured.push({ calm, flooded: await data() });
    answers.push(...await flooding);
  }
  const signedIn = 1_000 * answers.filter(({ status }) => status === 200).length / (rounds * duration);
  return { hashes, offered, alone, signedIn, answers: sharesOf(answers), ...middleOf(measured) };
}

/** The flood has as many addresses as it likes, so that no limit on one of them takes it off the hashing. */
const FROM_EVERYWHERE = {
  load_balancer_api_gateway: { "trusted-proxy": "127.0.0.0/8" },
  api_gateway: { "address-limit": "off", "caller-limit": "off" },
};

interface Round {
  readonly calm: Span;
  readonly flooded: Span;
}

async function hashesASecond(): Promise<number> {
  const hasher = createPasswordHasher();
  await hasher.hash(PASSWORD);
  const begun = performance.now();
  for (let i = 0; i < 20; i++) await hasher.hash(PASSWORD);
  return 20_000 / (performance.now() - begun);
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

async function readData(
  { origin }: System,
  { token, rate, duration }: { token: string; rate: number; duration: number },
): Promise<Span> {
  const init = { headers: { authorization: `Bearer ${token}` } };
  const samples = await openLoop(`${origin}/data`, { rate, duration, init: () => init });
  return sumUp(samples, 0, duration);
}

function sharesOf(answers: readonly Sample[]): Record<string, number> {
  const byStatus = Object.entries(Object.groupBy(answers, ({ status }) => status));
  return Object.fromEntries(byStatus.map(([status, each = []]) => [status, each.length / answers.length]));
}

/** The round whose p99 grew by the median factor. */
function middleOf(rounds: readonly Round[]): Round {
  const ascending = rounds.toSorted((a, b) => growthOf(a) - growthOf(b));
  const middle = ascending[Math.floor(ascending.length / 2)];
  if (middle === undefined) throw new RangeError("Cannot measure a flood: there must be a round");
  return middle;
}

/** By how many times the flood made the p99 of `GET /data` longer. */
export function growthOf({ calm, flooded }: Pick<LoginFlood, "calm" | "flooded">): number {
  return flooded.p99 / calm.p99;
}
