import { Counter, Gauge, type Registry } from "prom-client";
import type { ConnectionPool } from "./connection_pool.ts";
import type { ListenerStats } from "./listener_stats.ts";

/** What the measures of a listener are taken from. */
export interface ListenerSources {
  readonly stats: ListenerStats;
  readonly pool: ConnectionPool;
  /** How many trunks are open to clients and to upstreams. */
  readonly trunks: { readonly clients: () => number; readonly upstreams: () => number };
}

/** Registers the measures of a listener and of the connections that it keeps to upstreams. */
export function registerListenerMetrics(
  registry: Registry,
  sources: ListenerSources,
): void {
  const { stats, pool, trunks } = sources;
  gauge(registry, "client_connections", {
    help: "Connections of clients that are open",
    value: () => stats.open,
  });
  gauge(registry, "idle_connections", {
    help: "Connections to upstreams that wait for a request",
    value: () => pool.idle,
  });
  gauge(registry, "client_trunks", {
    help: "Connections of clients that carry many",
    value: trunks.clients,
  });
  gauge(registry, "upstream_trunks", {
    help: "Connections to upstreams that carry many",
    value: trunks.upstreams,
  });
  counter(registry, "client_connections", {
    help: "Connections of clients that were accepted",
    rows: () => [[{}, stats.accepted]],
  });
  counter(registry, "refused", {
    help: "Requests that break the rules of HTTP/1.1, by the status they got",
    rows: () => [...stats.refused].map(([status, count]) => [{ status: String(status) }, count]),
  });
  counter(registry, "connections", {
    help: "Connections to upstreams: opened, used again, and closed by the upstream while they waited",
    rows: () => [[{ event: "opened" }, pool.opened], [{ event: "reused" }, pool.reused], [
      { event: "stale" },
      pool.stale,
    ]],
  });
}

function gauge(registry: Registry, name: string, options: { help: string; value: () => number }): void {
  const { help, value } = options;
  new Gauge({
    name: `flotilla_balancer_${name}`,
    help,
    registers: [registry],
    collect() {
      this.set(value());
    },
  });
}

type Row = readonly [labels: { status?: string; event?: string }, count: number];

function counter(registry: Registry, name: string, options: { help: string; rows: () => Row[] }): void {
  const { help, rows } = options;
  new Counter({
    name: `flotilla_balancer_${name}_total`,
    help,
    labelNames: ["status", "event"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, count] of rows()) this.inc(labels, count);
    },
  });
}
