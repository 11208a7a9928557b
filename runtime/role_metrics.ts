import { Gauge, Histogram, type Registry } from "prom-client";
import { registerProcessMemory } from "./process_memory.ts";

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
  const duration = new Histogram({
    name: "flotilla_request_duration_seconds",
    help: "Time from a request's head to its answer's head",
    labelNames: ["method", "route", "status"] as const,
    buckets: BUCKETS,
    registers,
  });
  registerProcessMemory(registry);
  /** A series is looked up by its labels once: to put labels together is most of what an observation costs. */
  const series = new Map<string, (seconds: number) => void>();

  function open(method: string, route: string, status: number): (seconds: number) => void {
    const known = METHODS.has(method) ? method : "other";
    return duration.labels({ method: known, route, status: `${Math.floor(status / 100)}xx` }).observe;
  }

  return {
    started: () => void inFlight++,
    finished({ method, route, status }, seconds) {
      inFlight--;
      const name = `${METHODS.has(method) ? method : "other"} ${status} ${route}`;
      let observe = series.get(name);
      if (observe === undefined) series.set(name, observe = open(method, route, status));
      observe(seconds);
    },
  };
}
