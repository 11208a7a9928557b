import { type Clock, KvRefusedError, MAX_READ_KEYS, systemClock, withDeadline } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { CallBatch } from "./call_batch.ts";
import { CircuitBreaker } from "./circuit_breaker.ts";

/** What the cache said. */
export type Lookup<T> =
  | { readonly kind: "found"; readonly value: T; readonly versionstamp: string }
  | { readonly kind: "missing" }
  /** It did not answer, or is not asked for now. */
  | { readonly kind: "unavailable" };

/** What became of an entry that was to be put. */
export type PutOutcome =
  | { readonly kind: "put"; readonly versionstamp: string }
  /** Something else is there by now. */
  | { readonly kind: "refused" }
  /** It is too large, or the cache is full, did not answer, or is not asked for now. */
  | { readonly kind: "failed" };

/** How {@linkcode SharedCache} asks. */
export interface SharedCacheOptions {
  /** Milliseconds that the cache has for an answer. @default 75 */
  timeout?: number;
  /** Milliseconds that an entry stays, give or take `jitter`. @default 600_000 */
  ttl?: number;
  /** Share of the time to live that is left to chance, so that what came together does not go together. @default 0.1 */
  jitter?: number;
  /** @default `systemClock` */
  clock?: Clock;
  /** @default `Math.random` */
  random?: () => number;
}

/** Entries larger than this are not put: Deno KV takes 65,536 bytes. */
const MAX_ENTRY_BYTES = 65_400;

/** Entries that are put together; Deno KV takes 100 checks in one write, and every KV Connect server the lesser number. */
const [MOST_PUTS, LEAST_PUTS] = [40, 10];
/** Entries that are put together may have this many bytes together, of the 819,200 that one write may have. */
const MAX_BATCH_BYTES = 400_000;

interface Put {
  readonly key: Deno.KvKey;
  readonly value: unknown;
  readonly versionstamp: string | null;
  readonly size: number;
  readonly ttl: number;
}

const logger = getLogger(["flotilla", "service", "cache"]);

/**
 * The cache that all services share. It may be slow, full or gone: then every look-up is a miss, and after a few
 * failures it is not asked at all until a trial succeeds. Nothing here throws.
 */
export class SharedCache {
  #kv: Deno.Kv | undefined;
  readonly #ttl: number;
  readonly #jitter: number;
  readonly #random: () => number;
  readonly #breaker: CircuitBreaker;
  readonly #gets = new CallBatch<Deno.KvKey, Lookup<unknown>>(MAX_READ_KEYS, (keys) => this.#getMany(keys));
  readonly #puts = new CallBatch<Put, PutOutcome>(MOST_PUTS, (puts) => this.#putMany(puts));
  /** Goes down when the server takes no more than it must. */
  #together = MOST_PUTS;

  /** @param kv none, or as long as it is not open: it is unavailable */
  constructor(kv: Deno.Kv | Promise<Deno.Kv> | undefined, options: SharedCacheOptions = {}) {
    const { timeout = 75, ttl = 600_000, jitter = 0.1, clock = systemClock, random = Math.random } = options;
    if (!(jitter >= 0 && jitter < 1)) {
      throw new RangeError(`Cannot use jitter: must be 0 to 1, got ${jitter}`);
    }
    const use = (opened: Deno.Kv) => {
      this.#kv = withDeadline(opened, { timeout, clock });
    };
    if (kv instanceof Promise) kv.then(use, (error) => logger.error("The cache cannot be opened", { error }));
    else if (kv !== undefined) use(kv);
    this.#ttl = ttl;
    this.#jitter = jitter;
    this.#random = random;
    this.#breaker = new CircuitBreaker({ clock });
  }

  /** Whether it is asked now. */
  get available(): boolean {
    return this.#kv !== undefined && !this.#breaker.open;
  }

  /** What stands at the key. What is looked up in the same turn is looked up together. */
  async get<T>(key: Deno.KvKey): Promise<Lookup<T>> {
    return await this.#gets.add(key) as Lookup<T>;
  }

  async #getMany(keys: readonly Deno.KvKey[]): Promise<Lookup<unknown>[]> {
    const entries = await this.#ask((kv) => kv.getMany<unknown[]>(keys));
    if (entries === undefined) return keys.map(() => ({ kind: "unavailable" }));
    return entries.map(({ value, versionstamp }) =>
      versionstamp === null ? { kind: "missing" } : { kind: "found", value, versionstamp }
    );
  }

  /**
   * Puts an entry where the look-up found another or none; not when something else is there by now. What is put in the
   * same turn is put together.
   *
   * @param options.size about how many bytes the value has
   * @param options.ttl milliseconds that it stays; default as all entries
   */
  async put(
    key: Deno.KvKey,
    value: unknown,
    options: { over: Lookup<unknown>; size: number; ttl?: number },
  ): Promise<PutOutcome> {
    const { over, size, ttl = this.#ttl * (1 + this.#jitter * (2 * this.#random() - 1)) } = options;
    if (over.kind === "unavailable" || size > MAX_ENTRY_BYTES) return { kind: "failed" };
    const versionstamp = over.kind === "found" ? over.versionstamp : null;
    return await this.#puts.add({ key, value, versionstamp, size, ttl: Math.ceil(ttl) });
  }

  /** Together when nothing has come between any of them, otherwise by halves, down to what it was that came between. */
  async #putMany(puts: readonly Put[]): Promise<PutOutcome[]> {
    const fits = puts.length <= this.#together &&
      puts.reduce((bytes, { size }) => bytes + size, 0) <= MAX_BATCH_BYTES;
    if (puts.length === 1 || fits) {
      const outcome = await this.#commit(puts);
      if (puts.length === 1 || outcome.kind === "put" || !this.available) return puts.map(() => outcome);
    }
    const middle = puts.length >> 1;
    const halves = [puts.slice(0, middle), puts.slice(middle)];
    return (await Promise.all(halves.map((half) => this.#putMany(half)))).flat();
  }

  async #commit(puts: readonly Put[]): Promise<PutOutcome> {
    const result = await this.#ask((kv) => {
      const operation = kv.atomic();
      for (const { key, value, versionstamp, ttl } of puts) {
        operation.check({ key, versionstamp }).set(key, value, { expireIn: ttl });
      }
      return operation.commit();
    });
    if (result === undefined) return { kind: "failed" };
    return result.ok ? { kind: "put", versionstamp: result.versionstamp } : { kind: "refused" };
  }

  /** Removes an entry that nobody has replaced since. */
  async remove(key: Deno.KvKey, versionstamp: string): Promise<void> {
    await this.#ask((kv) => kv.atomic().check({ key, versionstamp }).delete(key).commit());
  }

  async #ask<T>(operation: (kv: Deno.Kv) => Promise<T>): Promise<T | undefined> {
    if (this.#kv === undefined || !this.#breaker.admit()) return undefined;
    const before = this.#breaker.open;
    try {
      const answer = await operation(this.#kv);
      this.#breaker.succeeded();
      if (before) logger.info("The cache answers again");
      return answer;
    } catch (error) {
      // An entry that is larger than its size was said to be, or more of them than this server takes: that says nothing of
      // the cache's being there.
      if (error instanceof KvRefusedError) this.#together = LEAST_PUTS;
      if ((error instanceof TypeError || error instanceof KvRefusedError) && !before) return undefined;
      this.#breaker.failed();
      if (!before && this.#breaker.open) {
        logger.warn("The cache does not answer: reads go to the database", { error });
      }
      return undefined;
    }
  }
}
