/** Lets work of one sort go on together, and work of another sort alone: it waits for what has begun, and the rest for it. */
export class SharedTurn {
  readonly #together = new Set<Promise<unknown>>();
  #alone: Promise<unknown> = Promise.resolve();

  /** Works beside others, when nobody is alone or wants to be. */
  async together<T>(work: () => Promise<T>): Promise<T> {
    let alone: Promise<unknown> | undefined;
    while (alone !== this.#alone) {
      alone = this.#alone;
      await alone;
    }
    const done = work();
    const settled = done.catch(() => {});
    this.#together.add(settled);
    try {
      return await done;
    } finally {
      this.#together.delete(settled);
    }
  }

  /** Works when nobody else does. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#alone.then(() => Promise.all(this.#together)).then(work);
    this.#alone = done.catch(() => {});
    return done;
  }
}
