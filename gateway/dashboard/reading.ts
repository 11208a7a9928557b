import { parseExposition, type Sample } from "@flotilla/runtime";

/** What a balancer tells of one of its upstreams. Counts are since its start. */
export interface UpstreamReading {
  readonly attempts: number;
  readonly ejections: number;
  readonly inFlight: number;
  readonly up: boolean;
  readonly ejected: boolean;
  /** Whether it was told to send it nothing new. */
  readonly draining: boolean;
  /** What is in force: less than what was ordered while it starts slowly. */
  readonly weight: number;
}

/** Reads of one layer of a cache since the start. */
export interface CacheReading {
  readonly hits: number;
  readonly misses: number;
}

/** What one process tells of itself at one moment. */
export interface Reading {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Since its start. */
  readonly requests: number;
  /** Answers of 500 and more, and requests that got none, since its start. */
  readonly errors: number;
  /** How many answers took at most so many seconds, since its start. */
  readonly latency: ReadonlyMap<number, number>;
  readonly inFlight: number;
  /** Resident bytes. */
  readonly memory: number | undefined;
  /** How many times its event loop was late by at most so many seconds, since its start. */
  readonly lag: ReadonlyMap<number, number>;
  /** Whether a balancer has somewhere to send requests to; `undefined` for other roles. */
  readonly ready: boolean | undefined;
  /** By the upstream's id. */
  readonly upstreams: ReadonlyMap<string, UpstreamReading>;
  /** By layer. */
  readonly cache: ReadonlyMap<string, CacheReading>;
  /** Tasks of the whole system by status. */
  readonly tasks: ReadonlyMap<string, number>;
}

const ROLE = {
  count: "flotilla_request_duration_seconds_count",
  bucket: "flotilla_request_duration_seconds_bucket",
  inFlight: "flotilla_requests_in_flight",
  memory: "flotilla_process_memory_bytes",
  lag: "flotilla_event_loop_lag_seconds_bucket",
};
const BALANCER = {
  requests: "flotilla_balancer_requests_total",
  refusals: "flotilla_balancer_refusals_total",
  answers: "flotilla_balancer_answers_total",
  bucket: "flotilla_balancer_upstream_latency_seconds_bucket",
  attempts: "flotilla_balancer_attempts_total",
  ejections: "flotilla_balancer_ejections_total",
  inFlight: "flotilla_balancer_upstream_in_flight",
  up: "flotilla_balancer_upstream_up",
  ejected: "flotilla_balancer_upstream_ejected",
  draining: "flotilla_balancer_upstream_draining",
  weight: "flotilla_balancer_upstream_weight",
  ready: "flotilla_balancer_ready",
};
const CACHE = { hits: "flotilla_service_cache_hits_total", misses: "flotilla_service_cache_misses_total" };
const TASKS = "flotilla_worker_tasks";

const WANTED = new Set([ROLE, BALANCER, CACHE].flatMap((names) => Object.values(names)).concat(TASKS));

/** Every role's own endpoints, and streams that stay open: neither is work for clients. */
const NO_WORK = new Set(["/healthz", "/readyz", "/metrics", "watch"]);

/** Reads what a process tells at `/metrics`. What it does not tell stays empty. */
export function readMetrics(text: string, at: number): Reading {
  const samples = Map.groupBy(parseExposition(text, WANTED), ({ name }) => name);
  const of = (name: string) => samples.get(name) ?? [];
  const tasks = new Map(of(TASKS).map(({ labels, value }) => [labels["status"] ?? "", value]));
  const memory = of(ROLE.memory).find(({ labels }) => labels["kind"] === "rss")?.value;
  const lag = addBuckets(of(ROLE.lag));
  const cache = readCache(of);
  const common = { at, memory, lag, cache, tasks };
  return { ...common, ...(samples.has(BALANCER.requests) ? balancerReading(of) : roleReading(of)) };
}

type Of = (name: string) => readonly Sample[];
type OwnReading = Pick<Reading, "requests" | "errors" | "latency" | "inFlight" | "ready" | "upstreams">;

function roleReading(of: Of): OwnReading {
  const clients = ({ labels }: Sample) => !NO_WORK.has(labels["route"] ?? "");
  const counts = of(ROLE.count).filter(clients);
  return {
    requests: sum(counts),
    errors: sum(counts.filter(({ labels }) => labels["status"] === "5xx")),
    latency: addBuckets(of(ROLE.bucket).filter(clients)),
    // The request that asks is one of them.
    inFlight: Math.max(0, sum(of(ROLE.inFlight)) - 1),
    ready: undefined,
    upstreams: new Map(),
  };
}

function balancerReading(of: Of): OwnReading {
  const failed = of(BALANCER.answers).filter(({ labels }) => labels["class"] === "5xx");
  return {
    requests: sum(of(BALANCER.requests)),
    errors: sum(of(BALANCER.refusals)) + sum(failed),
    latency: addBuckets(of(BALANCER.bucket)),
    inFlight: sum(of(BALANCER.inFlight)),
    ready: sum(of(BALANCER.ready)) > 0,
    upstreams: readUpstreams(of),
  };
}

function readUpstreams(of: Of): Map<string, UpstreamReading> {
  const value = (name: string, id: string) => sum(of(name).filter(({ labels }) => labels["upstream"] === id));
  const ids = of(BALANCER.up).map(({ labels }) => labels["upstream"] ?? "");
  return new Map(ids.map((id) => [id, {
    attempts: value(BALANCER.attempts, id),
    ejections: value(BALANCER.ejections, id),
    inFlight: value(BALANCER.inFlight, id),
    up: value(BALANCER.up, id) > 0,
    ejected: value(BALANCER.ejected, id) > 0,
    draining: value(BALANCER.draining, id) > 0,
    weight: value(BALANCER.weight, id),
  }]));
}

function readCache(of: Of): Map<string, CacheReading> {
  const layerOf = ({ labels }: Sample) => labels["layer"] ?? "";
  const layers = new Set([...of(CACHE.hits), ...of(CACHE.misses)].map(layerOf));
  const count = (name: string, layer: string) => sum(of(name).filter((sample) => layerOf(sample) === layer));
  return new Map([...layers].map((layer) => [layer, {
    hits: count(CACHE.hits, layer),
    misses: count(CACHE.misses, layer),
  }]));
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}

function addBuckets(samples: readonly Sample[]): Map<number, number> {
  const buckets = new Map<number, number>();
  for (const { labels, value } of samples) {
    const bound = labels["le"] === "+Inf" ? Infinity : Number(labels["le"]);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  return buckets;
}
