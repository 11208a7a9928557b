import { bucketQuantile } from "@flotilla/runtime";
import type { InstanceReading } from "./instance_reading.ts";

/**
 * What an instance can do: `ready`; `unready` when it answers but gets no requests (it starts, drains, or misses what it
 * needs); `draining` when its balancer was told to send it none; `ejected` when a balancer keeps it out for its failures;
 * `down` when it does not answer.
 */
export type InstanceState = "ready" | "unready" | "draining" | "ejected" | "down";

/** How one instance does, over the time between two looks at it. */
export interface InstanceStatus {
  readonly name: string;
  readonly role: string;
  readonly address: string;
  readonly state: InstanceState;
  /** The rest is `null` while it is down, and rates are `null` until it was looked at twice. */
  readonly inFlight: number | null;
  /** Requests a second. */
  readonly rps: number | null;
  /** Milliseconds; `null` when nothing was answered. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** Failures a second. */
  readonly errors: number | null;
  /** Resident bytes. */
  readonly memory: number | null;
  /** Milliseconds by which the event loop was late at most, in 99 of 100 measurements. */
  readonly lag: number | null;
  /** The share of reads that a cache answered, for a service that was read from. */
  readonly hitRatio: number | null;
}

/** What is known of an instance apart from its measures. */
export type InstanceIdentity = Pick<InstanceStatus, "name" | "role" | "address" | "state">;

/** How an instance does that was looked at before and is looked at now. */
export function instanceStatus(
  identity: InstanceIdentity,
  looks: { before?: InstanceReading | undefined; now: InstanceReading | undefined },
): InstanceStatus {
  const { before, now } = looks;
  const unknown = {
    inFlight: null,
    rps: null,
    p50: null,
    p99: null,
    errors: null,
    memory: null,
    lag: null,
    hitRatio: null,
  };
  if (now === undefined) return { ...identity, ...unknown };
  const present = { ...identity, ...unknown, inFlight: now.inFlight, memory: now.memory ?? null };
  if (before === undefined) return present;
  // Counts that fell are those of another process at this address: it counts from its start.
  const from = now.requests < before.requests || now.hits < before.hits ? undefined : before;
  const seconds = Math.max(0.001, (now.at - before.at) / 1_000);
  const latency = grown(from?.latency, now.latency);
  const hits = now.hits - (from?.hits ?? 0);
  const reads = hits + now.misses - (from?.misses ?? 0);
  const inMilliseconds = (value: number | undefined) => value === undefined ? null : value * 1_000;
  return {
    ...present,
    rps: (now.requests - (from?.requests ?? 0)) / seconds,
    errors: Math.max(0, now.errors - (from?.errors ?? 0)) / seconds,
    p50: inMilliseconds(bucketQuantile(latency, 0.5)),
    p99: inMilliseconds(bucketQuantile(latency, 0.99)),
    lag: inMilliseconds(bucketQuantile(grown(from?.lag, now.lag), 0.99)),
    hitRatio: reads <= 0 ? null : hits / reads,
  };
}

/** What buckets have counted since. */
function grown(before: ReadonlyMap<number, number> | undefined, now: ReadonlyMap<number, number>) {
  return new Map([...now].map(([bound, count]) => [bound, count - (before?.get(bound) ?? 0)]));
}
