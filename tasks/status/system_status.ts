import {
  addLayers,
  hitRatio,
  type Reading,
  readMetrics,
  type UpstreamReading,
  vitalsBetween,
} from "@flotilla/gateway/vitals";
import { adminOriginOf, authority, originOf, type PlannedProcess } from "../plan.ts";
import { type InstanceState, type InstanceStatus, instanceStatus } from "./instance_status.ts";

/** How the whole system does: what `deno task status --json` writes. */
export interface SystemStatus {
  /** When it was looked at, as ISO 8601. */
  readonly at: string;
  readonly instances: readonly InstanceStatus[];
  readonly totals: SystemTotals;
}

/** What the instances come to together. */
export interface SystemTotals {
  readonly ready: number;
  readonly instances: number;
  /** The share of the services' reads that a cache answered; `null` when nothing was read. */
  readonly hitRatio: number | null;
  /** Tasks that wait to run; `null` when no worker tells. */
  readonly queueDepth: number | null;
  readonly tasksRunning: number | null;
}

/** What has to be known of a process to look at it. */
export type LookedAt = Pick<PlannedProcess, "name" | "role" | "host" | "port" | "adminPort" | "calls">;

/** What one process answered when it was looked at. */
export interface Look {
  readonly process: LookedAt;
  /** When; milliseconds since the epoch. */
  readonly at: number;
  /** Whether it says that it is ready; `undefined` when it was not asked. */
  readonly ready: boolean | undefined;
  /** `undefined` when it does not answer. */
  readonly reading: Reading | undefined;
}

/** Fetches a URL. */
export type Fetcher = (url: string, signal: AbortSignal) => Promise<Response>;

/** Milliseconds that an answer may take. */
const PATIENCE = 2_000;

/** Looks at every process of a system once. */
export async function lookAround(
  processes: readonly LookedAt[],
  options: { fetch: Fetcher; now: () => number },
): Promise<Look[]> {
  const balanced = new Set(processes.flatMap(({ role, calls }) => role === "balancer" ? calls : []));
  return await Promise.all(processes.map(async (process) => {
    const origin = adminOriginOf(process);
    const ask = async (path: string) => {
      const response = await options.fetch(`${origin}${path}`, AbortSignal.timeout(PATIENCE));
      return { ok: response.ok, text: await response.text() };
    };
    try {
      // A process that drains goes once its balancer has seen it unready, and takes who asks /readyz for the balancer.
      // So where there is one, it is the one to ask.
      const [healthy, readiness] = await Promise.all([
        ask("/healthz"),
        balanced.has(process.name) ? undefined : ask("/readyz"),
      ]);
      // After those, so that it does not count them among the requests in flight.
      const metrics = await ask("/metrics");
      if (!healthy.ok || !metrics.ok) {
        return { process, at: options.now(), ready: undefined, reading: undefined };
      }
      const at = options.now();
      return { process, at, ready: readiness?.ok, reading: readMetrics(metrics.text, at) };
    } catch {
      return { process, at: options.now(), ready: undefined, reading: undefined };
    }
  }));
}

/** How a system does, from two looks around. */
export function systemStatus(before: readonly Look[], now: readonly Look[]): SystemStatus {
  const earlier = new Map(before.map(({ process, reading }) => [process.name, reading]));
  const upstreams = new Map(now.flatMap(({ reading }) => [...reading?.upstreams ?? []]));
  const instances = now.map(({ process, ready, reading }) => {
    const { name, role, host, port } = process;
    const state = stateOf(ready, reading, upstreams.get(authority(host, port)));
    return instanceStatus({ name, role, address: originOf(process), state }, {
      before: earlier.get(name),
      now: reading,
    });
  });
  const at = Math.max(0, ...now.map((look) => look.at));
  return { at: new Date(at).toISOString(), instances, totals: totalsOf(instances, earlier, now) };
}

function stateOf(
  ready: boolean | undefined,
  reading: Reading | undefined,
  upstream: UpstreamReading | undefined,
): InstanceState {
  if (reading === undefined) return "down";
  if (ready === false || upstream?.up === false) return "unready";
  if (upstream?.draining) return "draining";
  return upstream?.ejected ? "ejected" : "ready";
}

const WAITING = ["scheduled", "queued", "retrying"];

function totalsOf(
  instances: readonly InstanceStatus[],
  before: ReadonlyMap<string, Reading | undefined>,
  now: readonly Look[],
): SystemTotals {
  const caches = now.map(({ process, reading }) => {
    const earlier = before.get(process.name);
    return reading === undefined || earlier === undefined
      ? reading?.cache
      : vitalsBetween(earlier, reading).cache;
  });
  // Each worker tells of the whole system: what one of them tells is all.
  const tasks = now.find(({ reading }) => (reading?.tasks.size ?? 0) > 0)?.reading?.tasks;
  return {
    ready: instances.filter(({ state }) => state === "ready").length,
    instances: instances.length,
    hitRatio: hitRatio(addLayers(caches)) ?? null,
    queueDepth: tasks === undefined
      ? null
      : WAITING.reduce((sum, status) => sum + (tasks.get(status) ?? 0), 0),
    tasksRunning: tasks === undefined ? null : tasks.get("running") ?? 0,
  };
}
