import { Gauge, type Registry } from "prom-client";
import { registerProcessMemory } from "./process_memory.ts";
import { SeriesHistogram } from "./series_histogram.ts";

/** The measures that every role has, in the names and base units of the Prometheus guide. */
export interface RoleMetrics {
  /** Counts a request in. */
  started(): void;
  /** Counts it out: `seconds` from request head to answer head. */
  finished(labels: { method: string; route: string; status: number }, seconds: number): void;
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Registers a role's measures with `registry`. */
export function createRoleMetrics(registry: Registry): RoleMetrics {
  const registers = [registry];
  let inFlight = 0;
  new Gauge({
    name: "flotilla_requests_in_flight",
    help: "Requests that have begun and whose answer has not",
    registers,
    collect() {
      this.set(inFlight);
    },
  });
  const duration = new SeriesHistogram({
    name: "flotilla_request_duration_seconds",
    help: "Time from a request's head to its answer's head",
    labelNames: ["method", "route", "status"] as const,
    buckets: BUCKETS,
  });
  registry.registerMetric(duration);
  registerProcessMemory(registry);
  /** By route and method, then by the hundred of the status: to put labels together is most of what an observation costs. */
  const series = new Map<string, Map<string, Observe[]>>();

  function statusesOf(route: string, method: string): Observe[] {
    let methods = series.get(route);
    if (methods === undefined) series.set(route, methods = new Map());
    let statuses = methods.get(method);
    if (statuses === undefined) methods.set(method, statuses = []);
    return statuses;
  }

  return {
    started: () => void inFlight++,
    finished({ method: given, route, status }, seconds) {
      inFlight--;
      const method = METHODS.has(given) ? given : "other";
      const hundred = Math.floor(status / 100);
      const statuses = statusesOf(route, method);
      const observe = statuses[hundred] ??= duration.series({ method, route, status: `${hundred}xx` });
      observe(seconds);
    },
  };
}

type Observe = (seconds: number) => void;
