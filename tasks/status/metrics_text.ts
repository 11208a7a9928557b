import { parseExposition, type Sample } from "@flotilla/runtime";

/** Measures of one process, as it told them in the text format of Prometheus. */
export class Metrics {
  readonly #samples: Map<string, Sample[]>;

  /** @param text format version 0.0.4; lines that are none are passed over */
  constructor(text: string) {
    this.#samples = Map.groupBy(parseExposition(text), ({ name }) => name);
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
