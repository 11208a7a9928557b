import { Histogram } from "prom-client";

/** How a {@linkcode SeriesHistogram} is set up. */
export interface SeriesHistogramOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly L[];
  /** Upper bounds in ascending order. */
  readonly buckets: readonly number[];
}

/**
 * A histogram whose observations are a few additions: one of `prom-client` puts its labels together and hashes them each time,
 * which costs more than all else a request's measures need. It is handed to `prom-client` when someone asks.
 */
export class SeriesHistogram<L extends string> extends Histogram<L> {
  readonly #options: SeriesHistogramOptions<L>;
  readonly #series: Series<L>[] = [];

  constructor(options: SeriesHistogramOptions<L>) {
    const { labelNames, buckets } = options;
    super({ ...options, labelNames: [...labelNames], buckets: [...buckets], registers: [] });
    this.#options = options;
  }

  /** The function that counts an observation under these labels: made once for them, and kept by the caller. */
  series(labels: Readonly<Record<L, string>>): (value: number) => void {
    const series = new Series(labels, this.#options.buckets);
    this.#series.push(series);
    return (value) => series.observe(value);
  }

  /** What the registry prints from; the typings leave it out. */
  getForPromString(): Promise<object> {
    const { name, help } = this.#options;
    const values = this.#series.flatMap((series) => series.values(name));
    return Promise.resolve({ name, help, type: "histogram", aggregator: "sum", values });
  }
}

/** The observations under one set of labels. */
class Series<L extends string> {
  readonly #labels: Readonly<Record<L, string>>;
  readonly #bounds: readonly number[];
  /** Observations in each bucket, not cumulative; the last one is beyond every bound. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(labels: Readonly<Record<L, string>>, bounds: readonly number[]) {
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? Infinity)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  /** Its lines of the exposition format. */
  values(name: string): object[] {
    const sharedLabels = this.#labels;
    let below = 0;
    const buckets = [...this.#counts].map((count, bucket) => {
      below += count;
      const labels = { le: this.#bounds[bucket] ?? "+Inf" };
      return { metricName: `${name}_bucket`, labels, sharedLabels, value: below };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: {}, sharedLabels, value: this.#sum },
      { metricName: `${name}_count`, labels: {}, sharedLabels, value: below },
    ];
  }
}
