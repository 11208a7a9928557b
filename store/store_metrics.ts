import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { TableSize } from "./table.ts";

/** How a write ended, as its label has it. */
export type WriteResult = "committed" | "conflict" | "refused" | "failed";

/** What a store looks at when its measures are collected. */
export interface StoreGauges {
  size(): TableSize;
  watchers(): number;
}

/** The measures of a store besides those that each role has. */
export interface StoreMetrics {
  /** A read of so many ranges that took `seconds` and found `entries`. */
  read(entries: number, seconds: number): void;
  /** A write ended. */
  wrote(result: WriteResult): void;
  /** So many writes shared a transaction that took `seconds`. */
  committed(writes: number, seconds: number): void;
  /** Entries had to leave for want of room. */
  evicted(entries: number): void;
  /** Entries that had expired were deleted. */
  expired(entries: number): void;
}

const SECONDS = [
  0.000_05,
  0.000_1,
  0.000_25,
  0.000_5,
  0.001,
  0.002_5,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  1,
];
const WRITES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Registers a store's measures with `registry`. */
export function createStoreMetrics(registry: Registry, gauges: StoreGauges): StoreMetrics {
  const registers = [registry];
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const gauge = (name: string, help: string, read: () => number) => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  const reads = histogram(
    "flotilla_store_read_seconds",
    "Time that a snapshot read held the database",
    SECONDS,
  );
  const commits = histogram("flotilla_store_commit_seconds", "Time that a commit took, to durable", SECONDS);
  const batch = histogram("flotilla_store_commit_writes", "Writes that shared a commit", WRITES);
  const entries = counter("flotilla_store_entries_read_total", "Entries that reads have found");
  const evictions = counter("flotilla_store_evictions_total", "Entries that left for want of room");
  const expirations = counter("flotilla_store_expirations_total", "Expired entries that were deleted");
  const writes = new Counter({
    name: "flotilla_store_writes_total",
    help: "Atomic writes, by how they ended",
    labelNames: ["result"] as const,
    registers,
  });
  gauge("flotilla_store_rows", "Entries in the table", () => gauges.size().rows);
  gauge("flotilla_store_bytes", "Bytes of keys and values in the table", () => gauges.size().bytes);
  gauge("flotilla_store_watchers", "Open watches", () => gauges.watchers());
  return {
    read(found, seconds) {
      reads.observe(seconds);
      entries.inc(found);
    },
    wrote: (result) => writes.inc({ result }),
    committed(count, seconds) {
      commits.observe(seconds);
      batch.observe(count);
    },
    evicted: (count) => count > 0 && evictions.inc(count),
    expired: (count) => expirations.inc(count),
  };
}
