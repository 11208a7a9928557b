/** Columns of a bar. */
const WIDTH = 30;

/** A bar that is filled to a share, from 0 to 1. */
export function bar(share: number, width: number = WIDTH): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}

/** Counts as bars, each with its share of all. */
export function shareLines(counts: Readonly<Record<string, number>>): string[] {
  const entries = Object.entries(counts);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, count]) => {
    const share = total === 0 ? 0 : count / total;
    return `  ${name.padEnd(width)}  ${bar(share)} ${percent(share).padStart(6)}  ${count}`;
  });
}

/** A share as a percentage, to a tenth. */
export function percent(share: number | undefined): string {
  return share === undefined ? "-" : `${(100 * share).toFixed(1)}%`;
}

/** Milliseconds, to three digits or so. */
export function milliseconds(value: number): string {
  if (value >= 1_000) return `${(value / 1_000).toFixed(2)} s`;
  return `${value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ms`;
}
