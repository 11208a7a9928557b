import { Counter, Gauge, type Registry } from "prom-client";
import { SeriesCounter } from "./series_counter.ts";
import type { CacheObserver } from "./tiered_cache.ts";

/** What a service counts besides what every role does. */
export interface ServiceMetrics {
  /** Counts what happens in one cache. */
  cache(kind: string): CacheObserver;
  databaseRead(what: "record" | "page"): void;
  commit(changes: number, conflicts: number): void;
}

/**
 * Registers a service's measures.
 *
 * @param cacheAvailable whether the shared cache is asked now
 */
export function createServiceMetrics(registry: Registry, cacheAvailable: () => boolean): ServiceMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name: `flotilla_service_${name}_total`, help, labelNames, registers });
  const events = {
    hit: layerCounter(registry, "cache_hits", "Reads that the layer could answer"),
    miss: layerCounter(registry, "cache_misses", "Reads that the layer could not answer"),
    coalesced: layerCounter(registry, "cache_coalesced_fills", "Reads that waited for another's fill"),
    refused: layerCounter(registry, "cache_refused_fills", "Values not kept, a newer one being known"),
    stale: layerCounter(
      registry,
      "cache_stale_answers",
      "Values answered that may be out of date, the reader taking them",
    ),
  };
  const reads = counter("database_reads", "Records and pages read from the database", ["what"]);
  const commits = counter("commits", "Commits to the database", []);
  const changes = counter("changes", "Changes of records", []);
  const conflicts = counter("commit_conflicts", "Commits tried again, others having been faster", []);
  new Gauge({
    name: "flotilla_service_cache_available",
    help: "1 while the shared cache is asked, 0 while reads go on without it",
    registers,
    collect() {
      this.set(cacheAvailable() ? 1 : 0);
    },
  });
  return {
    cache: (kind) => ({
      hit: byLayer(events.hit, kind),
      miss: byLayer(events.miss, kind),
      coalesced: byLayer(events.coalesced, kind),
      refused: byLayer(events.refused, kind),
      stale: byLayer(events.stale, kind),
    }),
    databaseRead: (what) => reads.inc({ what }),
    commit(count, lost) {
      if (count > 0) commits.inc();
      changes.inc(count);
      conflicts.inc(lost);
    },
  };
}

type LayerCounter = SeriesCounter<"kind" | "layer">;

function layerCounter(registry: Registry, name: string, help: string): LayerCounter {
  return new SeriesCounter({
    name: `flotilla_service_${name}_total`,
    help,
    labelNames: ["kind", "layer"] as const,
    registry,
  });
}

function byLayer(counter: LayerCounter, kind: string): (layer: "near" | "shared") => void {
  const near = counter.series({ kind, layer: "near" });
  const shared = counter.series({ kind, layer: "shared" });
  return (layer) => layer === "near" ? near() : shared();
}
