import type { Sample } from "../balancer/open_loop.ts";

/** The password of every user of the bench. */
export const PASSWORD = "a quiet harbour at night";
/** How many users there are, `user-0` and so on. */
export const USERS = 40;

/** Logins at a constant rate. */
export interface Flood {
  readonly origin: string;
  /** Logins a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** A login of one of the users, from an address of its own. */
export function login(turn: number): RequestInit {
  const address = `10.${(turn >> 16) & 255}.${(turn >> 8) & 255}.${turn & 255}`;
  return {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": address },
    body: JSON.stringify({ username: `user-${turn % USERS}`, password: PASSWORD }),
  };
}

/** Floods from another thread, and tells what became of each login. */
export async function flood(options: Flood): Promise<Sample[]> {
  const worker = new Worker(new URL("./flood_worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(`The flood ended: ${message}`));
      worker.postMessage(options);
    });
  } finally {
    worker.terminate();
  }
}
