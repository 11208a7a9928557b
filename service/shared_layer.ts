import { type Clock, sleep } from "@flotilla/runtime";
import type { ChangeTail, Position } from "./change_tail.ts";
import type { Lookup, SharedCache } from "./shared_cache.ts";

/** Something read from the database, and when. */
export interface Reading<T> {
  readonly value: T;
  /** The value was what the database held after this change. */
  readonly asOf: Position;
  /** When the read began, in milliseconds since the epoch: the value was right then, or became so later. */
  readonly at: number;
  /** About how many bytes the value has. */
  readonly size: number;
}

/** What is cached: one record, one page. */
export interface Subject<T> {
  /** Parts it from all other subjects of the same cache. */
  readonly name: string;
  /** Whether the database would still answer this value, by all that the tail knows. */
  readonly stands: (value: T, asOf: Position) => boolean;
  /** Reads the database. */
  load(): Promise<Reading<T>>;
}

/** Why a layer could not answer by itself (RFC 9211, section 2.2). */
export type Miss = "uri-miss" | "stale" | "bypass";

/** A value that came through the shared cache. */
export interface SharedAnswer<T> extends Reading<T> {
  /** `undefined` when the shared cache had it. */
  readonly miss: Miss | undefined;
  /** It was put into the shared cache. */
  readonly stored: boolean;
}

/** What {@linkcode SharedLayer} reports. */
export interface SharedObserver {
  hit(): void;
  miss(): void;
  /** Another service's fill was waited for. */
  coalesced(): void;
  /** The value was not put, since somebody else had put another. */
  refused(): void;
}

/** How {@linkcode SharedLayer} works. */
export interface SharedLayerOptions {
  /** First part of the keys. */
  kind: string;
  cache: SharedCache;
  tail: ChangeTail;
  clock: Clock;
  observer: SharedObserver;
  /** Milliseconds that a service has to fill what it took the lease of. @default 2_000 */
  leaseTime?: number;
  /** Milliseconds that another service waits for it before it reads the database itself. @default 200 */
  leaseWait?: number;
}

type Entry<T> =
  | (
    & {
      readonly kind: "value"; /** When it was read, in milliseconds since the epoch. */
      readonly at: number;
    }
    & Reading<T>
  )
  /** Somebody is reading the database, and is given until then. */
  | { readonly kind: "lease"; readonly until: number };

/**
 * Reads through the cache that all services share. The service that finds nothing takes a lease (Nishtala et al.,
 * "Scaling Memcache at Facebook", NSDI 2013, section 3.2.1), so that the others wait for its fill instead of reading
 * the database too.
 *
 * Every put checks that the entry is still the one that was looked up: what another service put meanwhile is never
 * replaced by something older.
 */
export class SharedLayer<T> {
  readonly #options: Required<SharedLayerOptions>;

  constructor(options: SharedLayerOptions) {
    this.#options = { leaseTime: 2_000, leaseWait: 200, ...options };
  }

  /** What the database holds now, from the shared cache when it stands there. */
  async read(subject: Subject<T>): Promise<SharedAnswer<T>> {
    const key = this.#key(subject);
    const lookup = await this.#options.cache.get<Entry<T>>(key);
    const found = this.#isLeased(lookup) ? undefined : await this.#standing(subject, lookup);
    if (found !== undefined) return found;
    const lease = this.#isLeased(lookup) ? "taken" : await this.#takeLease(key, lookup);
    if (lease !== "taken") return await this.#fill(subject, { key, ...lease });
    this.#options.observer.coalesced();
    const later = await this.#awaitFill(key);
    return await this.#standing(subject, later) ?? await this.#fill(subject, { key, lookup: later });
  }

  /** What the cache holds, however old. */
  async peek(subject: Subject<T>): Promise<Reading<T> | undefined> {
    const lookup = await this.#options.cache.get<Entry<T>>(this.#key(subject));
    return lookup.kind === "found" && lookup.value.kind === "value" ? lookup.value : undefined;
  }

  #key(subject: Subject<T>): Deno.KvKey {
    return ["data", this.#options.tail.position.epoch, this.#options.kind, subject.name];
  }

  /** What the cache had, when it stands. */
  async #standing(subject: Subject<T>, lookup: Lookup<Entry<T>>): Promise<SharedAnswer<T> | undefined> {
    if (lookup.kind !== "found" || lookup.value.kind !== "value") return undefined;
    const { value: entry } = lookup;
    const { tail, observer } = this.#options;
    // A service that was faster may have put what is newer than this one knows.
    if (entry.asOf.seq > tail.position.seq) await tail.fence();
    if (!subject.stands(entry.value, entry.asOf)) return undefined;
    observer.hit();
    return { ...entry, at: tail.moment.at, miss: undefined, stored: false };
  }

  /** Takes the lease; where none can be put there is nobody to wait for either. */
  async #takeLease(
    key: Deno.KvKey,
    lookup: Lookup<Entry<T>>,
  ): Promise<"taken" | { lookup: Lookup<Entry<T>>; lease?: string }> {
    const { cache, clock, leaseTime } = this.#options;
    const lease: Entry<T> = { kind: "lease", until: clock.now() + leaseTime };
    const outcome = await cache.put(key, lease, { over: lookup, size: 0, ttl: leaseTime });
    if (outcome.kind === "refused") return "taken";
    return outcome.kind === "put" ? { lookup, lease: outcome.versionstamp } : { lookup };
  }

  /** Reads the database, and puts what it says over the lease or, without one, over what was looked up. */
  async #fill(
    subject: Subject<T>,
    { key, lookup, lease }: { key: Deno.KvKey; lookup: Lookup<Entry<T>>; lease?: string },
  ): Promise<SharedAnswer<T>> {
    const { cache, observer } = this.#options;
    observer.miss();
    let stored = false;
    try {
      const reading = await subject.load();
      const over: Lookup<unknown> = lease === undefined
        ? lookup
        : { kind: "found", value: undefined, versionstamp: lease };
      stored = await this.#put(key, { reading, over });
      return { ...reading, miss: missOf(lookup), stored };
    } finally {
      if (lease !== undefined && !stored) await cache.remove(key, lease);
    }
  }

  async #put(
    key: Deno.KvKey,
    { reading, over }: { reading: Reading<T>; over: Lookup<unknown> },
  ): Promise<boolean> {
    const { cache, observer } = this.#options;
    const { value, asOf, at, size } = reading;
    const entry: Entry<T> = { kind: "value", value, asOf, at, size };
    const outcome = await cache.put(key, entry, { over, size });
    if (outcome.kind === "refused") observer.refused();
    return outcome.kind === "put";
  }

  #isLeased(lookup: Lookup<Entry<T>>): boolean {
    return lookup.kind === "found" && lookup.value.kind === "lease" &&
      lookup.value.until > this.#options.clock.now();
  }

  /** Looks again after 5, 10, 20 … milliseconds, until there is no lease or the patience is over. */
  async #awaitFill(key: Deno.KvKey): Promise<Lookup<Entry<T>>> {
    const { cache, clock, leaseWait } = this.#options;
    const end = clock.now() + leaseWait;
    for (let pause = 5;; pause *= 2) {
      await sleep(pause, { clock });
      const lookup = await cache.get<Entry<T>>(key);
      if (!this.#isLeased(lookup) || clock.now() + pause > end) return lookup;
    }
  }
}

function missOf(lookup: Lookup<unknown>): Miss {
  switch (lookup.kind) {
    case "found":
      return "stale";
    case "missing":
      return "uri-miss";
    case "unavailable":
      return "bypass";
  }
}
