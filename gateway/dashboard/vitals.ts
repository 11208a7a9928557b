import { bucketQuantile } from "@flotilla/runtime";
import type { CacheReading, Reading } from "./reading.ts";

export { type CacheReading, type Reading, readMetrics, type UpstreamReading } from "./reading.ts";

/** How one process does now: rates over the last seconds, and states. */
export interface Vitals {
  /** Requests a second. */
  readonly rps: number;
  /** Failures a second. */
  readonly errors: number;
  /** Seconds; `undefined` while nothing is answered. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  /** Seconds by which the event loop was late at most, in 99 of 100 measurements. */
  readonly lag: number | undefined;
  /** Requests a second to each upstream, by its id. */
  readonly sent: ReadonlyMap<string, number>;
  /** Reads of each layer of a cache within the time looked at. */
  readonly cache: ReadonlyMap<string, CacheReading>;
  /** Seconds that were looked at. */
  readonly seconds: number;
  /** What it told last. */
  readonly reading: Reading;
}

/** What happened between two readings of the same process. One that has started anew in between counts from there. */
export function vitalsBetween(before: Reading, now: Reading): Vitals {
  const seconds = Math.max(0.001, (now.at - before.at) / 1_000);
  // Another process answers at this address if it has answered less than before.
  const from = now.requests < before.requests ? undefined : before;
  const latency = since(from?.latency, now.latency);
  return {
    rps: (now.requests - (from?.requests ?? 0)) / seconds,
    errors: Math.max(0, now.errors - (from?.errors ?? 0)) / seconds,
    p50: bucketQuantile(latency, 0.5),
    p99: bucketQuantile(latency, 0.99),
    lag: bucketQuantile(since(from?.lag, now.lag), 0.99),
    sent: new Map(
      [...now.upstreams].map(([id, { attempts }]) => [
        id,
        grown(from?.upstreams.get(id)?.attempts, attempts) / seconds,
      ]),
    ),
    cache: new Map(
      [...now.cache].map(([layer, { hits, misses }]) => [layer, {
        hits: grown(from?.cache.get(layer)?.hits, hits),
        misses: grown(from?.cache.get(layer)?.misses, misses),
      }]),
    ),
    seconds,
    reading: now,
  };
}

/** A cumulative histogram without what it had counted before. */
function since(before: ReadonlyMap<number, number> | undefined, now: ReadonlyMap<number, number>) {
  return new Map([...now].map(([bound, count]) => [bound, count - (before?.get(bound) ?? 0)]));
}

function grown(before: number | undefined, now: number): number {
  return before === undefined || before > now ? now : now - before;
}

/** Reads of each layer of a cache, by its name. */
export type LayerReads = ReadonlyMap<string, CacheReading>;

/** What several processes read from each layer. */
export function addLayers(caches: Iterable<LayerReads | undefined>): LayerReads {
  const layers = new Map<string, CacheReading>();
  for (const [layer, { hits, misses }] of [...caches].flatMap((cache) => [...cache ?? []])) {
    const before = layers.get(layer) ?? { hits: 0, misses: 0 };
    layers.set(layer, { hits: before.hits + hits, misses: before.misses + misses });
  }
  return layers;
}

/** The share of its reads that a layer could answer, 0 to 1; `undefined` when there were none. */
export function layerRatio({ hits, misses }: CacheReading): number | undefined {
  return hits + misses > 0 ? hits / (hits + misses) : undefined;
}

/** The share of reads that some layer could answer. Layers stand behind one another: what gets past all of them is missed. */
export function hitRatio(layers: LayerReads): number | undefined {
  const known = [...layers.values()].map(layerRatio).filter((share) => share !== undefined);
  return known.length === 0 ? undefined : 1 - known.reduce((missed, share) => missed * (1 - share), 1);
}
