import type { Principal } from "@flotilla/auth/verify";

/** Who sends the tasks. */
export const OWNER: Principal = {
  subject: "bench",
  role: "user",
  rights: ["tasks:run"],
  session: "bench",
  tokenId: "bench",
  expires: 4_000_000_000,
};

/** What the nth task is given; the peer's program has the same. */
export function payload(number: number): Record<string, unknown> {
  return { number, text: "x".repeat(100) };
}
