import type { Sample } from "@flotilla/runtime";
import { Metrics } from "./metrics_text.ts";

/** What a process tells of itself at one moment. What counts, counts since its start. */
export interface InstanceReading {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly requests: number;
  /** Answers of 500 and above, and requests that a balancer could not pass on. */
  readonly errors: number;
  /** How many requests took at most so many seconds. */
  readonly latency: ReadonlyMap<number, number>;
  readonly inFlight: number;
  /** Resident bytes; `undefined` when it does not tell. */
  readonly memory: number | undefined;
  /** How many times its event loop was late by at most so many seconds. */
  readonly lag: ReadonlyMap<number, number>;
  /** Reads that a cache answered, in any layer, and reads that no layer could answer. */
  readonly hits: number;
  readonly misses: number;
  /** Tasks of the whole system that wait or run, as a worker sees them; `undefined` for other roles. */
  readonly tasks: TaskCounts | undefined;
  /** What a balancer thinks of its upstreams, by `host:port`. */
  readonly upstreams: ReadonlyMap<string, UpstreamState>;
}

/** Tasks that are not over. */
export interface TaskCounts {
  readonly waiting: number;
  readonly running: number;
}

/** What a balancer does with an upstream. */
export type UpstreamState = "up" | "down" | "ejected" | "draining";

/** Every role's own endpoints, and streams that stay open: neither is work. */
const NO_WORK: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/metrics", "watch"]);
const WAITING: ReadonlySet<string> = new Set(["scheduled", "queued", "retrying"]);

/** Reads what a process told at `/metrics`. */
export function readInstance(text: string, at: number): InstanceReading {
  const metrics = new Metrics(text);
  const status = (wanted: (status: string) => boolean) =>
    metrics.sum("flotilla_worker_tasks", (labels) => wanted(labels["status"] ?? ""));
  const memory = metrics.of("flotilla_process_memory_bytes").find(({ labels }) => labels["kind"] === "rss");
  const layer = (name: string, wanted: string) =>
    metrics.sum(`flotilla_service_cache_${name}_total`, (labels) => labels["layer"] === wanted);
  return {
    at,
    memory: memory?.value,
    lag: metrics.buckets("flotilla_event_loop_lag_seconds"),
    // What the near layer misses is asked of the shared one.
    hits: layer("hits", "near") + layer("hits", "shared"),
    misses: layer("misses", "shared"),
    tasks: metrics.has("flotilla_worker_tasks")
      ? { waiting: status((it) => WAITING.has(it)), running: status((it) => it === "running") }
      : undefined,
    upstreams: readUpstreams(metrics),
    ...(metrics.has("flotilla_balancer_attempts_total") ? readBalancer(metrics) : readRole(metrics)),
  };
}

type Work = Pick<InstanceReading, "requests" | "errors" | "latency" | "inFlight">;

function readRole(metrics: Metrics): Work {
  const name = "flotilla_request_duration_seconds";
  const work = (labels: Sample["labels"]) => !NO_WORK.has(labels["route"] ?? "");
  return {
    requests: metrics.sum(`${name}_count`, work),
    errors: metrics.sum(`${name}_count`, (labels) => work(labels) && labels["status"] === "5xx"),
    latency: metrics.buckets(name, work),
    // The request that asks is one of them.
    inFlight: Math.max(0, metrics.sum("flotilla_requests_in_flight") - 1),
  };
}

function readBalancer(metrics: Metrics): Work {
  return {
    requests: metrics.sum("flotilla_balancer_answers_total") +
      metrics.sum("flotilla_balancer_refusals_total"),
    errors: metrics.sum("flotilla_balancer_answers_total", (labels) => labels["class"] === "5xx") +
      metrics.sum("flotilla_balancer_refusals_total"),
    latency: metrics.buckets("flotilla_balancer_upstream_latency_seconds"),
    inFlight: metrics.sum("flotilla_balancer_upstream_in_flight"),
  };
}

function readUpstreams(metrics: Metrics): Map<string, UpstreamState> {
  const of = (name: string, id: string) => metrics.sum(name, (labels) => labels["upstream"] === id);
  return new Map(
    metrics.of("flotilla_balancer_upstream_up").map(({ labels, value }) => {
      const id = labels["upstream"] ?? "";
      if (value === 0) return [id, "down"];
      if (of("flotilla_balancer_upstream_draining", id) > 0) return [id, "draining"];
      return [id, of("flotilla_balancer_upstream_ejected", id) > 0 ? "ejected" : "up"];
    }),
  );
}
