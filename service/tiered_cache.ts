import { type Clock, systemClock } from "@flotilla/runtime";
import { LRUCache } from "lru-cache";
import type { ChangeTail, Moment, Position } from "./change_tail.ts";
import type { SharedCache } from "./shared_cache.ts";
import { type Miss, type SharedAnswer, SharedLayer, type Subject } from "./shared_layer.ts";
import { SingleFlight } from "./single_flight.ts";

/** Where a value came from. */
export type Layer = "near" | "shared" | "database";

/** A value, where it came from and why not from nearer. */
export interface Found<T> {
  readonly value: T;
  readonly layer: Layer;
  /** Milliseconds since it was last known to be what the database holds; 0 unless the reader takes stale values. */
  readonly age: number;
  /** Why the near cache could not answer. */
  readonly nearMiss?: Miss;
  /** Why the shared cache could not answer. */
  readonly sharedMiss?: Miss;
  /** It was put into the shared cache. */
  readonly stored: boolean;
  /** Another reader's fill was waited for. */
  readonly collapsed: boolean;
}

/** What a reader asks for. */
export interface ReadOptions {
  /**
   * Milliseconds for which a value may be out of date. What is younger is answered without asking the database, and
   * brought up to date behind the answer. @default 0
   */
  maxStale?: number;
  /** Reads the database whatever is cached. @default false */
  bypass?: boolean;
  /** The reader has waited for a fence already. @default false */
  fenced?: boolean;
}

/** What happens in a cache, counted by whoever likes to. */
export interface CacheObserver {
  hit(layer: "near" | "shared"): void;
  miss(layer: "near" | "shared"): void;
  /** A reader waited for another one's fill, in this service (`near`) or another (`shared`). */
  coalesced(layer: "near" | "shared"): void;
  /** A value was not kept, since a newer one is known or was put meanwhile. */
  refused(layer: "near" | "shared"): void;
  /** A value was answered that the database may have changed since. */
  stale(layer: "near" | "shared"): void;
}

/** A value as it is kept near, and about how many bytes it takes there. */
export interface Prepared<N> {
  readonly value: N;
  readonly weight: number;
}

/** What is cached here: `N` is what is made of a `T` that comes near. */
export interface NearSubject<T, N> extends Subject<T> {
  /** Whether the database would still answer this value, by all that the tail knows. */
  readonly stands: (value: T | N, asOf: Position) => boolean;
}

/** How {@linkcode TieredCache} caches. */
export interface TieredCacheOptions<T, N> {
  /** First part of the keys in the shared cache. */
  kind: string;
  shared: SharedCache;
  tail: ChangeTail;
  /** About the most bytes in this process. */
  nearBytes: number;
  /** What readers get of a value, made once when it comes near. */
  prepare(value: T, name: string): Prepared<N>;
  /** @default nothing is counted */
  observer?: CacheObserver;
  /** @default `systemClock` */
  clock?: Clock;
}

interface NearEntry<N> {
  readonly value: N;
  readonly weight: number;
  /** When the value was last known to stand. */
  moment: Moment;
}

/** What a layer behind the near one answered. */
type NearAnswer<N> = Omit<SharedAnswer<unknown>, "value"> & Prepared<N>;

/** Bytes that an entry takes besides its value and the letters of its name (measured; `docs/caching.md`). */
const ENTRY_BYTES = 208;

const UNCOUNTED: CacheObserver = { hit() {}, miss() {}, coalesced() {}, refused() {}, stale() {} };

/**
 * The near cache of this process, the shared cache behind it, the database last.
 *
 * Every reader first learns the end of the change log, and whatever a cache then offers is used only when the log tells
 * that it still stands. So no cache has to be told of a write, none can be told too late, and a value that somebody
 * puts into a cache late does no harm.
 */
export class TieredCache<T, N> {
  readonly #tail: ChangeTail;
  readonly #clock: Clock;
  readonly #observer: CacheObserver;
  readonly #prepare: (value: T, name: string) => Prepared<N>;
  readonly #near: LRUCache<string, NearEntry<N>>;
  readonly #shared: SharedLayer<T>;
  readonly #fills = new SingleFlight<NearAnswer<N>>();
  readonly #refreshes = new SingleFlight<void>();

  constructor(options: TieredCacheOptions<T, N>) {
    const { kind, shared, tail, nearBytes, observer = UNCOUNTED, clock = systemClock } = options;
    this.#tail = tail;
    this.#clock = clock;
    this.#observer = observer;
    this.#prepare = (value, name) => options.prepare(value, name);
    this.#near = new LRUCache({
      maxSize: nearBytes,
      sizeCalculation: ({ weight }, name) => ENTRY_BYTES + name.length + weight,
    });
    this.#shared = new SharedLayer({
      kind,
      cache: shared,
      tail,
      clock,
      observer: {
        hit: () => observer.hit("shared"),
        miss: () => observer.miss("shared"),
        coalesced: () => observer.coalesced("shared"),
        refused: () => observer.refused("shared"),
      },
    });
  }

  /** What the database holds now, from the nearest place that has it; or a little earlier, for who takes that. */
  async read(subject: NearSubject<T, N>, options: ReadOptions = {}): Promise<Found<N>> {
    const { maxStale = 0, bypass = false, fenced = false } = options;
    if (maxStale > 0 && !bypass) {
      const found = await this.#readStale(subject, maxStale);
      if (found !== undefined) return found;
    }
    if (!fenced) await this.#tail.fence();
    return await (bypass ? this.#bypass(subject) : this.#readNow(subject));
  }

  /** By the last fence, which the caller has waited for. */
  async #readNow(subject: NearSubject<T, N>): Promise<Found<N>> {
    for (let attempt = 0;; attempt++) {
      const near = this.#fromNear(subject);
      if (near.found !== undefined) return near.found;
      const { value: answer, joined } = await this.#fills.run(subject.name, () => this.#fill(subject));
      if (joined) this.#observer.coalesced("near");
      // A fill that began before this reader came may have read what is no longer so; the one after it did not.
      if (!joined || attempt > 0 || subject.stands(answer.value, answer.asOf)) {
        return foundOf(answer, { nearMiss: near.miss, collapsed: joined });
      }
    }
  }

  /** What the near cache has that stands by the last fence, which the caller has waited for; `undefined` when it has nothing. */
  near({ name, stands }: Pick<NearSubject<T, N>, "name" | "stands">): N | undefined {
    const entry = this.#near.get(name);
    if (entry === undefined || !stands(entry.value, entry.moment.position)) return undefined;
    // Nearly always it is the same: to store it again would cost the collector of garbage a look at every entry that is read.
    if (entry.moment !== this.#tail.moment) entry.moment = this.#tail.moment;
    this.#observer.hit("near");
    return entry.value;
  }

  #fromNear(subject: NearSubject<T, N>): { found: Found<N>; miss?: never } | { found?: never; miss: Miss } {
    const value = this.near(subject);
    if (value !== undefined) {
      return { found: { value, layer: "near", age: 0, stored: false, collapsed: false } };
    }
    this.#observer.miss("near");
    return { miss: this.#near.has(subject.name) ? "stale" : "uri-miss" };
  }

  async #fill(subject: NearSubject<T, N>): Promise<NearAnswer<N>> {
    return this.#keep(subject, await this.#shared.read(subject));
  }

  /** Keeps the value, unless the tail knows that it no longer stands. */
  #keep({ name, stands }: NearSubject<T, N>, answer: SharedAnswer<T>): NearAnswer<N> {
    const { asOf, at } = answer;
    const { moment } = this.#tail;
    const { position } = moment;
    const prepared = this.#prepare(answer.value, name);
    const same = asOf.epoch === position.epoch && asOf.seq === position.seq;
    const ahead = asOf.epoch === position.epoch && asOf.seq > position.seq;
    if (!ahead && !stands(answer.value, asOf)) this.#observer.refused("near");
    else this.#near.set(name, { ...prepared, moment: same ? moment : { position: asOf, at } });
    return { ...answer, ...prepared };
  }

  async #bypass(subject: NearSubject<T, N>): Promise<Found<N>> {
    const answer = this.#keep(subject, { ...await subject.load(), miss: "bypass", stored: false });
    return foundOf(answer, { nearMiss: "bypass", collapsed: false });
  }

  async #readStale(subject: NearSubject<T, N>, maxStale: number): Promise<Found<N> | undefined> {
    const near = this.#near.get(subject.name);
    const found = near !== undefined
      ? { value: near.value, at: near.moment.at, layer: "near" as const }
      : await this.#staleShared(subject);
    if (found === undefined) return undefined;
    const age = Math.max(0, this.#clock.now() - found.at);
    if (age > maxStale) return undefined;
    this.#observer.stale(found.layer);
    void this.#refreshes.run(subject.name, () => this.#refresh(subject));
    return { value: found.value, layer: found.layer, age, stored: false, collapsed: false };
  }

  async #staleShared(
    subject: NearSubject<T, N>,
  ): Promise<{ value: N; at: number; layer: "shared" } | undefined> {
    const peeked = await this.#shared.peek(subject);
    return peeked &&
      { value: this.#prepare(peeked.value, subject.name).value, at: peeked.at, layer: "shared" };
  }

  async #refresh(subject: NearSubject<T, N>): Promise<void> {
    try {
      await this.read(subject);
    } catch {
      // Nobody waits for it; whoever reads next without a stale value gets the error.
    }
  }
}

function foundOf<N>(
  { value, miss, stored }: NearAnswer<N>,
  { nearMiss, collapsed }: { nearMiss: Miss; collapsed: boolean },
): Found<N> {
  return {
    value,
    layer: miss === undefined ? "shared" : "database",
    age: 0,
    nearMiss,
    ...(miss === undefined ? {} : { sharedMiss: miss }),
    stored,
    collapsed,
  };
}
