import { validate } from "@std/uuid/v7";
import type { ServiceRecord } from "./service_records.ts";

/** How large a set of records is; bytes of their values as JSON. */
export interface SizeSummary {
  readonly count: number;
  readonly bytes: number;
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** What a report says. */
export interface ReportSummary extends SizeSummary {
  /** By what ids begin with. */
  readonly prefixes: Readonly<Record<string, SizeSummary>>;
  /** By the day, in UTC, on which they were created. */
  readonly days: Readonly<Record<string, SizeSummary>>;
}

/** Groups kept apart; what comes after counts as {@linkcode OTHER}. */
const GROUP_LIMIT = 1_000;
const OTHER = "(other)";
const encoder = new TextEncoder();

/** Counts records as they come. */
export class ReportTally {
  readonly #sizes: number[] = [];
  readonly #prefixes = new Map<string, number[]>();
  readonly #days = new Map<string, number[]>();

  /** Records counted so far. */
  get count(): number {
    return this.#sizes.length;
  }

  /** Counts a record. */
  add({ id, value, created }: ServiceRecord): void {
    const size = encoder.encode(JSON.stringify(value ?? null)).length;
    this.#sizes.push(size);
    addTo(this.#prefixes, prefixOf(id), size);
    addTo(this.#days, dayOf(created), size);
  }

  /** What was counted. */
  summary(): ReportSummary {
    return { ...summarize(this.#sizes), prefixes: groups(this.#prefixes), days: groups(this.#days) };
  }
}

/**
 * What an id begins with, up to its first separator; ids that were made for their records have none that means anything.
 *
 * @example
 * ```ts
 * import { prefixOf } from "./report_tally.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(prefixOf("order:2026:17"), "order");
 * assertEquals(prefixOf("welcome"), "(none)");
 * assertEquals(prefixOf("01890a5d-ac96-774b-bcce-b302099a8057"), "(generated)");
 * ```
 */
export function prefixOf(id: string): string {
  if (validate(id) || /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id)) return "(generated)";
  const [, prefix] = /^([^:/._-]+)[:/._-]/.exec(id) ?? [];
  return prefix ?? "(none)";
}

function dayOf(created: string): string {
  const date = new Date(created);
  return Number.isNaN(date.getTime()) ? "(unknown)" : date.toISOString().slice(0, 10);
}

function addTo(groups: Map<string, number[]>, name: string, size: number): void {
  const key = groups.has(name) || groups.size < GROUP_LIMIT ? name : OTHER;
  const sizes = groups.get(key);
  if (sizes === undefined) groups.set(key, [size]);
  else sizes.push(size);
}

function groups(sizes: ReadonlyMap<string, number[]>): Record<string, SizeSummary> {
  const sorted = [...sizes].sort(([one], [other]) => one < other ? -1 : 1);
  return Object.fromEntries(sorted.map(([name, group]) => [name, summarize(group)]));
}

function summarize(sizes: readonly number[]): SizeSummary {
  const sorted = Float64Array.from(sizes).sort();
  return {
    count: sorted.length,
    bytes: sorted.reduce((sum, size) => sum + size, 0),
    min: sorted[0] ?? 0,
    median: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    max: sorted.at(-1) ?? 0,
  };
}

/** The smallest size that at least `share` of all do not exceed (nearest rank). */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
