interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (outcome: O) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Does together what is asked for in the same turn of the event loop: readers who waited for one fence go on at once, and
 * what they need of a database then takes one call instead of one each.
 */
export class CallBatch<I, O> {
  readonly #max: number;
  readonly #work: (items: readonly I[]) => Promise<readonly O[]>;
  #waiting: Waiting<I, O>[] = [];

  /**
   * @param max most items of one call
   * @param work gives the outcomes in the order of the items; what it rejects with is every item's error
   */
  constructor(max: number, work: (items: readonly I[]) => Promise<readonly O[]>) {
    this.#max = max;
    this.#work = work;
  }

  /** What comes of the item. */
  add(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ item, resolve, reject }) === 1) queueMicrotask(() => this.#flush());
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let start = 0; start < waiting.length; start += this.#max) {
      void this.#run(waiting.slice(start, start + this.#max));
    }
  }

  async #run(part: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const outcomes = await this.#work(part.map(({ item }) => item));
      for (const [index, outcome] of outcomes.entries()) part[index]?.resolve(outcome);
    } catch (error) {
      for (const { reject } of part) reject(error);
    }
  }
}
