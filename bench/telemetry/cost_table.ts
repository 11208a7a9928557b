import { type Estimate, meanOf, type Pair, pairedChange, pairedDifference } from "./paired_change.ts";
import type { Reading } from "./target.ts";

/** What is measured: with it, and right before, right after or beside it without it. */
export interface Subject {
  readonly name: string;
  /** How many times as much of it was done as is in use: what it changes is divided by that. @default 1 */
  readonly times?: number;
  readonly loaded: { readonly without: Reading; readonly with: Reading }[];
  /** Milliseconds of processor time a second. */
  readonly rested: Pair[];
}

const HEAD = [
  "what",
  "at rest, ms/s more",
  "share of the machine",
  "µs a request without",
  "with",
  "change",
  "requests/s without",
  "with",
  "change",
];

/** A Markdown table of what each costs, on a machine of so many cores. */
export function costTable(subjects: readonly Subject[], cores: number): string {
  const lines = subjects.map(({ name, times = 1, loaded, rested }) => {
    const rest = shareOf(pairedDifference(rested), times);
    const of = (figure: keyof Reading): Pair[] =>
      loaded.map((pair) => ({ without: pair.without[figure], with: pair.with[figure] }));
    return [
      name,
      `${signed(rest.mean)} ± ${rest.error.toFixed(1)}`,
      percent({ mean: rest.mean / (1_000 * cores), error: rest.error / (1_000 * cores) }),
      ...cells(of("cost"), times),
      ...cells(of("rate"), times),
    ];
  });
  return [HEAD, ["---", ...HEAD.slice(1).map(() => "--:")], ...lines]
    .map((line) => `| ${line.join(" | ")} |`).join("\n");
}

function cells(pairs: readonly Pair[], times: number): string[] {
  const of = (side: keyof Pair) => String(Math.round(meanOf(pairs.map((pair) => pair[side]))));
  return [of("without"), of("with"), percent(shareOf(pairedChange(pairs), times))];
}

function shareOf({ mean, error }: Estimate, times: number): Estimate {
  return { mean: mean / times, error: error / times };
}

function percent({ mean, error }: Estimate): string {
  return `${signed(100 * mean)} % ± ${(100 * error).toFixed(1)} %`;
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
}
