import { hitRatio, type Reading, vitalsBetween } from "@flotilla/gateway/vitals";

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
  looks: { before?: Reading | undefined; now: Reading | undefined },
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
  const { rps, errors, p50, p99, lag, cache } = vitalsBetween(before, now);
  return {
    ...present,
    rps,
    errors,
    p50: inMilliseconds(p50),
    p99: inMilliseconds(p99),
    lag: inMilliseconds(lag),
    hitRatio: hitRatio(cache) ?? null,
  };
}

function inMilliseconds(seconds: number | undefined): number | null {
  return seconds === undefined ? null : seconds * 1_000;
}
