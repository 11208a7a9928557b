import { bold, dim, green, red } from "@std/fmt/colors";
import { bar, milliseconds, percent, shareLines } from "./bars.ts";
import { sparkline } from "./block_plot.ts";
import type { Killed } from "./load_report.ts";
import type { Slice, Tally } from "./tally.ts";

/** How far a load is. */
export interface Progress {
  readonly title: string;
  /** Milliseconds since the load began. */
  readonly elapsed: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Requests under way. */
  readonly inFlight: number;
  readonly kills: readonly Killed[];
}

/** Renders how a load goes: progress, the spread over instances, hit ratio over time, and errors. */
export function renderLive(tally: Tally, progress: Progress): string[] {
  const { title, elapsed, duration, inFlight, kills } = progress;
  const { latency, slices, failed } = tally;
  const share = Math.min(1, elapsed / duration);
  const seconds = `${(elapsed / 1_000).toFixed(0)} of ${(duration / 1_000).toFixed(0)} s`;
  const rate = tally.requests / Math.max(0.001, elapsed / 1_000);
  return [
    bold(title),
    `${bar(share, 40)} ${percent(share).padStart(6)}  ${seconds}`,
    "",
    `${tally.requests} answered, ${rate.toFixed(0)}/s, ${inFlight} under way, ` +
    `p50 ${milliseconds(latency.p50)}, p99 ${milliseconds(latency.p99)}`,
    errors(tally.failures, failed),
    ...kills.map(({ instance, pid, at }) =>
      red(`killed ${instance} (process ${pid}) at ${(at / 1_000).toFixed(1)} s`)
    ),
    "",
    dim("spread over gateways"),
    ...shareLines(tally.gateways),
    dim("spread over instances behind them"),
    ...shareLines(tally.upstreams),
    "",
    `${dim("p99        ")} ${sparkline(slices.map(({ p99 }) => p99))}`,
    `${dim("hit ratio  ")} ${sparkline(slices.map(hitRatioOf), { top: 1 })} ${
      percent(tally.hitRatio)
    } so far`,
    `${dim("errors     ")} ${red(sparkline(slices.map((slice) => slice.failed)))}`,
  ];
}

/** The share of answers that came from a cache, 0 when none did. */
export function hitRatioOf({ hits, misses }: Slice): number {
  return hits === 0 ? 0 : hits / (hits + misses);
}

function errors(failures: Readonly<Record<string, number>>, failed: number): string {
  if (failed === 0) return green("no errors");
  return red(
    `${failed} failed: ${Object.entries(failures).map(([why, count]) => `${count} × ${why}`).join(", ")}`,
  );
}
