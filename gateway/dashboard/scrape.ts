import { newSpan, traceparent } from "@flotilla/runtime";
import { z } from "zod";
import type { PublishedInstance } from "./published_topology.ts";
import { type Reading, readMetrics } from "./reading.ts";

/** Calls a process. */
export type Call = (request: Request) => Promise<Response>;

/** Milliseconds that a process has to tell how it does. */
const PATIENCE = 900;
/** Longest text of measures that is read, in characters: far more than a process has to tell. */
const LONGEST = 4_000_000;

const balancerSchema = z.object({
  strategy: z.string(),
  upstreams: z.array(z.object({
    id: z.string(),
    url: z.string(),
    draining: z.boolean(),
    weight: z.number(),
  })),
});

/** What a balancer tells only those who may give it orders. */
export type BalancerState = z.infer<typeof balancerSchema>;

/**
 * Asks a process for its measures, directly. Not for its readiness: a process that drains takes whoever asks for that for the
 * balancer in front of it, which must have seen it before the process goes.
 *
 * @throws {Error} when it does not tell
 */
export async function scrape(
  instance: PublishedInstance,
  options: { call: Call; now: number },
): Promise<Reading> {
  const response = await options.call(asking(`${instance.ownOrigin}/metrics`));
  const text = await response.text();
  if (!response.ok || text.length > LONGEST) throw new Error(`answered ${response.status} to /metrics`);
  return readMetrics(text, options.now);
}

/**
 * Asks a balancer for its state.
 *
 * @throws {Error} when it does not tell
 */
export async function askBalancer(
  adminOrigin: string,
  options: { call: Call; token: string },
): Promise<BalancerState> {
  const headers = { authorization: `Bearer ${options.token}` };
  const response = await options.call(asking(`${adminOrigin}/snapshot`, headers));
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`answered ${response.status} to /snapshot`);
  }
  return balancerSchema.parse(await response.json());
}

/** Somebody looks, and no client asked for it: that is not recorded in a trace. */
function asking(url: string, more: Record<string, string> = {}): Request {
  const headers = { ...more, traceparent: traceparent(newSpan()) };
  return new Request(url, { headers, signal: AbortSignal.timeout(PATIENCE), redirect: "error" });
}
