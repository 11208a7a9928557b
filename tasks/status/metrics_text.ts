/** One line of measures. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Measures of one process, as it told them in the text format of Prometheus. */
export class Metrics {
  readonly #samples: Map<string, Sample[]>;

  /** @param text format version 0.0.4; lines that are none are passed over */
  constructor(text: string) {
    this.#samples = Map.groupBy(text.split("\n").flatMap(parseLine), ({ name }) => name);
  }

  /** Whether there is a measure of this name. */
  has(name: string): boolean {
    return this.#samples.has(name);
  }

  /** All samples of a name. */
  of(name: string): readonly Sample[] {
    return this.#samples.get(name) ?? [];
  }

  /** The sum of a name's samples whose labels fit. */
  sum(name: string, fits: (labels: Sample["labels"]) => boolean = () => true): number {
    return this.of(name).reduce((total, { labels, value }) => fits(labels) ? total + value : total, 0);
  }

  /** A name's cumulative buckets, those whose labels fit added up: how many values were at most each bound. */
  buckets(name: string, fits: (labels: Sample["labels"]) => boolean = () => true): Map<number, number> {
    const buckets = new Map<number, number>();
    for (const { labels, value } of this.of(`${name}_bucket`)) {
      if (!fits(labels)) continue;
      const bound = labels["le"] === "+Inf" ? Infinity : Number(labels["le"]);
      buckets.set(bound, (buckets.get(bound) ?? 0) + value);
    }
    return buckets;
  }
}

function parseLine(line: string): Sample[] {
  const [, name, labels = "", value] = LINE.exec(line) ?? [];
  if (name === undefined || value === undefined) return [];
  const pairs = [...labels.matchAll(LABEL)].map(([, key = "", text = ""]) => [key, unescape(text)] as const);
  return [{ name, labels: Object.fromEntries(pairs), value: value === "+Inf" ? Infinity : Number(value) }];
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, escaped: string) => escaped === "n" ? "\n" : escaped);
}

/**
 * The value that a share of what buckets counted do not exceed, taken as evenly spread within a bucket, as Prometheus's
 * `histogram_quantile` does; `undefined` when they counted nothing.
 */
export function bucketQuantile(buckets: ReadonlyMap<number, number>, share: number): number | undefined {
  const ascending = [...buckets].sort(([a], [b]) => a - b);
  const rank = share * (ascending.at(-1)?.[1] ?? 0);
  if (rank <= 0) return undefined;
  let [lower, below] = [0, 0];
  for (const [bound, count] of ascending) {
    if (count >= rank) {
      return bound === Infinity ? lower : lower + (bound - lower) * (rank - below) / (count - below);
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
