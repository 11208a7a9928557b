import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { LATENCY_BOUNDS } from "./latency_histogram.ts";
import { isReady } from "./rotation.ts";
import type { SnapshotSources } from "./snapshot.ts";
import type { UpstreamState } from "./upstream_state.ts";

/**
 * Registers the balancer's measures. On the path of a request only plain numbers are counted; they are taken
 * over into `prom-client` when someone asks for them.
 */
export function registerMetrics(registry: Registry, sources: SnapshotSources): void {
  const { pool, dispatcher, budget } = sources;
  const single = (name: string, help: string, value: () => number) =>
    new Gauge({ name, help, registers: [registry], collect: readInto(value) });
  single(
    "flotilla_balancer_ready",
    "1 while at least one upstream can take requests",
    () => isReady(pool.rotation) ? 1 : 0,
  );
  single("flotilla_balancer_retry_budget", "Retries that would be granted now", () => budget.balance);
  registerCounts(registry, sources);
  registerStates(registry, () => pool.members);
  registry.registerMetric(new UpstreamLatency(() => pool.members));
  new Counter({
    name: "flotilla_balancer_requests_total",
    help: "Requests of clients",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(dispatcher.requests);
    },
  });
}

function readInto(value: () => number): (this: Gauge) => void {
  return function collect() {
    this.set(value());
  };
}

function registerCounts(registry: Registry, { pool, dispatcher }: SnapshotSources): void {
  const counter = <L extends string>(
    name: string,
    options: {
      help: string;
      labels: readonly L[];
      rows: () => Iterable<readonly [Record<L, string>, number]>;
    },
  ) =>
    new Counter({
      name: `flotilla_balancer_${name}_total`,
      help: options.help,
      labelNames: [...options.labels],
      registers: [registry],
      collect() {
        this.reset();
        for (const [labels, count] of options.rows()) this.inc(labels, count);
      },
    });
  const each = <T>(rows: (upstream: UpstreamState) => T[]) => () => pool.members.flatMap(rows);
  counter("attempts", {
    help: "Requests sent to an upstream",
    labels: ["upstream"],
    rows: each(({ id, stats }) => [[{ upstream: id }, stats.attempts] as const]),
  });
  counter("retries", {
    help: "Requests sent to an upstream after another one failed",
    labels: ["upstream"],
    rows: each(({ id, stats }) => [[{ upstream: id }, stats.retries] as const]),
  });
  counter("ejections", {
    help: "Times an upstream was ejected because its answers failed",
    labels: ["upstream"],
    rows: each(({ id, stats }) => [[{ upstream: id }, stats.ejections] as const]),
  });
  counter("answers", {
    help: "Answers of an upstream, by class of status",
    labels: ["upstream", "class"],
    rows: each(({ id, stats }) =>
      [1, 2, 3, 4, 5].map((hundred) =>
        [{ upstream: id, class: `${hundred}xx` }, stats.answers[hundred] ?? 0] as const
      )
    ),
  });
  counter("failures", {
    help: "Attempts at an upstream that failed, by kind",
    labels: ["upstream", "kind"],
    rows: each(({ id, stats }) =>
      [...stats.failures].map(([kind, count]) => [{ upstream: id, kind }, count] as const)
    ),
  });
  counter("refusals", {
    help: "Requests for which there was no upstream, by reason",
    labels: ["reason"],
    rows: () => [...dispatcher.refusals].map(([reason, count]) => [{ reason }, count] as const),
  });
}

function registerStates(registry: Registry, members: () => readonly UpstreamState[]): void {
  const gauge = (name: string, help: string, value: (upstream: UpstreamState) => number) =>
    new Gauge({
      name: `flotilla_balancer_upstream_${name}`,
      help,
      labelNames: ["upstream"],
      registers: [registry],
      collect() {
        this.reset();
        for (const upstream of members()) this.set({ upstream: upstream.id }, value(upstream));
      },
    });
  gauge("in_flight", "Requests inside the upstream", ({ inFlight }) => inFlight);
  gauge("queued", "Requests that wait for a place at the upstream", ({ queued }) => queued);
  gauge("up", "1 while the upstream passes its health checks", ({ health }) => health.kind === "up" ? 1 : 0);
  gauge("ejected", "1 while the upstream is ejected", ({ ejection }) => ejection.kind === "ejected" ? 1 : 0);
  gauge("draining", "1 while the upstream gets no new requests by order", ({ draining }) => draining ? 1 : 0);
  gauge("weight", "Weight in force", ({ effectiveWeight }) => effectiveWeight);
}

/** The upstreams' own histograms, in the shape `prom-client` prints. */
class UpstreamLatency extends Histogram<"upstream"> {
  static readonly title = "flotilla_balancer_upstream_latency_seconds";
  static readonly help = "Seconds until the head of the upstream's answer";
  readonly #members: () => readonly UpstreamState[];

  constructor(members: () => readonly UpstreamState[]) {
    const { title: name, help } = UpstreamLatency;
    super({
      name,
      help,
      labelNames: ["upstream"],
      buckets: [...LATENCY_BOUNDS],
      registers: [],
    });
    this.#members = members;
  }

  /**
   * What the registry prints from, and what `get()` of the base class answers with; the typings leave it out.
   */
  getForPromString(): Promise<object> {
    const values = this.#members().flatMap(latencyValues);
    return Promise.resolve({
      name: UpstreamLatency.title,
      help: UpstreamLatency.help,
      type: "histogram",
      aggregator: "sum",
      values,
    });
  }
}

/** One line of the exposition format. */
interface LatencyValue {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly sharedLabels: Readonly<Record<string, string>>;
  readonly value: number;
}

function latencyValues(
  { id: upstream, stats: { latency } }: UpstreamState,
): LatencyValue[] {
  const name = UpstreamLatency.title;
  const sharedLabels = { upstream };
  let below = 0;
  const buckets = [...latency.counts].map((count, bucket) => {
    below += count;
    const labels = { le: LATENCY_BOUNDS[bucket] ?? "+Inf" };
    return { metricName: `${name}_bucket`, labels, sharedLabels, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, sharedLabels, value: latency.sum },
    { metricName: `${name}_count`, labels: {}, sharedLabels, value: below },
  ];
}
