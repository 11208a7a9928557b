/** Wraps databases so that they behave as across a network, on a bad day. */
export class FaultyKv {
  /** Whether the cache answers with errors now. */
  cacheFails = false;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** A database that takes its time, whose commits are sent twice now and then, and whose answers get lost. */
  database(kv: Deno.Kv): Deno.Kv {
    return intercept(kv, {
      read: (work) => this.#slowly(work),
      commit: (work) => this.#slowly(() => this.#commit(work)),
    });
  }

  /** A cache that takes its time, and fails while it is told to. */
  cache(kv: Deno.Kv): Deno.Kv {
    const meet = <T>(work: () => Promise<T>) => this.#slowly(() => this.#unlessCacheFails(work));
    return intercept(kv, { read: meet, commit: meet });
  }

  async #commit<T>(work: () => Promise<T>): Promise<T> {
    const dice = this.#random();
    if (dice < 0.02) throw new Error("The connection broke before the commit");
    const first = await work();
    if (dice < 0.04) throw new Error("The connection broke after the commit");
    return dice < 0.1 ? await work() : first;
  }

  async #unlessCacheFails<T>(work: () => Promise<T>): Promise<T> {
    if (this.cacheFails) throw new Error("The cache is away");
    return await work();
  }

  /** Lets others go first, now and then by milliseconds. */
  async #slowly<T>(work: () => Promise<T>): Promise<T> {
    await this.#pause();
    const result = await work();
    await this.#pause();
    return result;
  }

  async #pause(): Promise<void> {
    if (this.#random() >= 0.1) return;
    const ms = Math.floor(5 * this.#random());
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

type Meet = <T>(work: () => Promise<T>) => Promise<T>;

/** The same database, whose reads and commits go through these. */
function intercept(kv: Deno.Kv, meet: { read: Meet; commit: Meet }): Deno.Kv {
  const own: Partial<Deno.Kv> = {
    get: <T>(...args: Parameters<Deno.Kv["get"]>) => meet.read(() => kv.get<T>(...args)),
    getMany: <T extends readonly unknown[]>(
      keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
      options?: { consistency?: Deno.KvConsistencyLevel },
    ) => meet.read(() => kv.getMany<T>(keys, options)),
    atomic() {
      const operation = kv.atomic();
      const commit = operation.commit.bind(operation);
      operation.commit = () => meet.commit(commit);
      return operation;
    },
  };
  return new Proxy(kv, {
    get(target, name) {
      const value: unknown = Reflect.get(own, name) ?? Reflect.get(target, name, target);
      return typeof value === "function" && !(name in own) ? value.bind(target) : value;
    },
  });
}
