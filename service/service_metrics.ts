import { Counter, type Registry } from "prom-client";
import type { CacheObserver } from "./tiered_cache.ts";

/** What a service counts besides what every role does. */
export interface ServiceMetrics {
  /** Counts what happens in one cache. */
  cache(kind: string): CacheObserver;
  databaseRead(what: "record" | "page"): void;
  commit(changes: number, conflicts: number): void;
}

/** Registers a service's measures. */
export function createServiceMetrics(registry: Registry): ServiceMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name: `flotilla_service_${name}_total`, help, labelNames, registers });
  const hits = counter("cache_hits", "Reads that the layer could answer", ["kind", "layer"]);
  const misses = counter("cache_misses", "Reads that the layer could not answer", ["kind", "layer"]);
  const coalesced = counter("cache_coalesced_fills", "Reads that waited for another's fill", ["kind"]);
  const refused = counter("cache_refused_fills", "Values not kept, a newer one being known", [
    "kind",
    "layer",
  ]);
  const reads = counter("database_reads", "Records and pages read from the database", ["what"]);
  const commits = counter("commits", "Commits to the database", []);
  const changes = counter("changes", "Changes of records", []);
  const conflicts = counter("commit_conflicts", "Commits tried again, others having been faster", []);
  return {
    cache: (kind) => ({
      hit: (layer) => hits.inc({ kind, layer }),
      miss: (layer) => misses.inc({ kind, layer }),
      coalesced: () => coalesced.inc({ kind }),
      refused: (layer) => refused.inc({ kind, layer }),
    }),
    databaseRead: (what) => reads.inc({ what }),
    commit(count, lost) {
      if (count > 0) commits.inc();
      changes.inc(count);
      conflicts.inc(lost);
    },
  };
}
