import { dirname, fromFileUrl } from "@std/path";
import { runPinned } from "../pinned.ts";

/** The password of every user of the bench. */
export const PASSWORD = "a quiet harbour at night";
/** How many users there are, `user-0` and so on. */
export const USERS = 40;

/** Logins at a constant rate. */
export interface Flood {
  readonly origin: string;
  /** Logins a second. */
  readonly rate: number;
  readonly seconds: number;
}

/** How many logins were answered, by status. */
export type Answers = Readonly<Record<string, number>>;

const SCRIPT = `${dirname(fromFileUrl(import.meta.url))}/logins.lua`;
/** Milliseconds that a connection waits between two logins, about. */
const WAIT = 1_000;

/** A login of one of the users. */
export function login(turn: number): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: `user-${turn % USERS}`, password: PASSWORD }),
  };
}

/**
 * Floods with logins, each from an address of its own. wrk sends them, from as many connections as there are logins a second,
 * each of which waits a second between two: so few wait for an answer that the rate hardly depends on it, and the flood takes
 * next to nothing of the processors that it shares with the system.
 */
export async function flood({ origin, rate, seconds }: Flood): Promise<Answers> {
  const script = ["-s", SCRIPT, origin, "--", String(USERS), PASSWORD, String(WAIT)];
  return parseAnswers(await runPinned(["wrk", "-t1", `-c${rate}`, `-d${seconds}s`, ...script], {}));
}

/** Reads what `logins.lua` prints at its end. */
export function parseAnswers(output: string): Answers {
  const text = /^Answers: (.*)$/m.exec(output)?.[1]?.trim() ?? "";
  return Object.fromEntries(
    text.split(" ").filter(Boolean).map((each) => each.split("=")).map((
      [status = "", count],
    ) => [status, Number(count)]),
  );
}
