/** Measures over time: one column of times, and one of values for each series. */
export interface Columns {
  /** Milliseconds since the epoch, ascending. */
  readonly times: readonly number[];
  /** By name; `null` where nothing was known. */
  readonly series: Readonly<Record<string, readonly (number | null)[]>>;
}

/** How much a {@linkcode History} keeps. */
export interface HistoryOptions {
  /** Milliseconds. @default 900_000 (15 minutes) */
  span?: number;
  /** Most points, however close they come: memory is bounded by it. @default 900 */
  capacity?: number;
}

/** The last minutes of some series, in memory that does not grow: eight bytes a point and series. */
export class History {
  readonly #span: number;
  readonly #capacity: number;
  readonly #times: Float64Array;
  readonly #series = new Map<string, Float64Array>();
  #next = 0;
  #length = 0;

  /** @throws {RangeError} when the span or the capacity is not positive */
  constructor(options: HistoryOptions = {}) {
    const { span = 900_000, capacity = 900 } = options;
    if (!(span > 0)) throw new RangeError(`Cannot keep a history: span must be above 0 ms, got ${span}`);
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`Cannot keep a history: capacity must be a positive integer, got ${capacity}`);
    }
    this.#span = span;
    this.#capacity = capacity;
    this.#times = new Float64Array(capacity);
  }

  /** Adds a point. A series that is missing from it has a gap there; one that is in no point any more is dropped. */
  add(time: number, values: ReadonlyMap<string, number | undefined>): void {
    for (const name of values.keys()) {
      if (!this.#series.has(name)) this.#series.set(name, new Float64Array(this.#capacity).fill(NaN));
    }
    this.#times[this.#next] = time;
    for (const [name, column] of this.#series) {
      column[this.#next] = values.get(name) ?? NaN;
      if (!values.has(name) && column.every(Number.isNaN)) this.#series.delete(name);
    }
    this.#next = (this.#next + 1) % this.#capacity;
    this.#length = Math.min(this.#length + 1, this.#capacity);
  }

  /** What is kept, up to `now`. */
  columns(now: number): Columns {
    const kept = this.#positions().filter((position) => (this.#times[position] ?? 0) > now - this.#span);
    const series = [...this.#series].map(([name, column]) =>
      [name, kept.map((position) => finite(column[position]))] as const
    );
    return {
      times: kept.map((position) => this.#times[position] ?? 0),
      series: Object.fromEntries(series),
    };
  }

  #positions(): number[] {
    const first = this.#next - this.#length + this.#capacity;
    return Array.from({ length: this.#length }, (_, index) => (first + index) % this.#capacity);
  }
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
}
