import { Counter, type Registry } from "prom-client";

/** How a {@linkcode SeriesCounter} is set up. */
export interface SeriesCounterOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly L[];
  readonly registry: Registry;
}

/**
 * A counter that every read counts with: one of `prom-client` puts its labels together and hashes them each time, which costs more
 * than to look the record up. It is told when someone asks.
 */
export class SeriesCounter<L extends string> {
  readonly #series: { readonly labels: Readonly<Record<L, string>>; count: number }[] = [];

  constructor({ name, help, labelNames, registry }: SeriesCounterOptions<L>) {
    const series = this.#series;
    new Counter<L>({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, count } of series) if (count > 0) this.inc(labels, count);
      },
    });
  }

  /** The function that counts under these labels: made once for them, and kept by the caller. */
  series(labels: Readonly<Record<L, string>>): () => void {
    const series = { labels, count: 0 };
    this.#series.push(series);
    return () => void series.count++;
  }
}
