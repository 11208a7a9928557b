/** What came of a shared piece of work. */
export interface Flight<T> {
  readonly value: T;
  /** Whether somebody else had begun it. */
  readonly joined: boolean;
}

/** Lets those who want the same thing at the same time wait for one piece of work. */
export class SingleFlight<T> {
  readonly #running = new Map<string, Promise<T>>();

  /** Joins the work of this name, or begins it. Everyone gets its error too. */
  async run(name: string, work: () => Promise<T>): Promise<Flight<T>> {
    const running = this.#running.get(name);
    if (running !== undefined) return { value: await running, joined: true };
    const mine = work();
    this.#running.set(name, mine);
    try {
      return { value: await mine, joined: false };
    } finally {
      this.#running.delete(name);
    }
  }
}
