import { type Clock, systemClock } from "@flotilla/runtime";
import { LRUCache } from "lru-cache";
import type { ChangeTail, Position } from "./change_tail.ts";
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

/** How {@linkcode TieredCache} caches. */
export interface TieredCacheOptions {
  /** First part of the keys in the shared cache. */
  kind: string;
  shared: SharedCache;
  tail: ChangeTail;
  /** About the most bytes in this process, each value being counted twice: as it is, and as text. */
  nearBytes: number;
  /** @default nothing is counted */
  observer?: CacheObserver;
  /** @default `systemClock` */
  clock?: Clock;
}

interface NearEntry<T> {
  readonly value: T;
  readonly size: number;
  /** The value stood at this position … */
  asOf: Position;
  /** … which was the end of the log at this time, in milliseconds since the epoch. */
  at: number;
}

const UNCOUNTED: CacheObserver = { hit() {}, miss() {}, coalesced() {}, refused() {}, stale() {} };

/**
 * The near cache of this process, the shared cache behind it, the database last.
 *
 * Every reader first learns the end of the change log, and whatever a cache then offers is used only when the log tells
 * that it still stands. So no cache has to be told of a write, none can be told too late, and a value that somebody
 * puts into a cache late does no harm.
 */
export class TieredCache<T> {
  readonly #tail: ChangeTail;
  readonly #clock: Clock;
  readonly #observer: CacheObserver;
  readonly #near: LRUCache<string, NearEntry<T>>;
  readonly #shared: SharedLayer<T>;
  readonly #fills = new SingleFlight<SharedAnswer<T>>();
  readonly #refreshes = new SingleFlight<void>();

  constructor(options: TieredCacheOptions) {
    const { kind, shared, tail, nearBytes, observer = UNCOUNTED, clock = systemClock } = options;
    this.#tail = tail;
    this.#clock = clock;
    this.#observer = observer;
    this.#near = new LRUCache({ maxSize: nearBytes, sizeCalculation: (entry) => 2 * entry.size + 512 });
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
  async read(subject: Subject<T>, options: ReadOptions = {}): Promise<Found<T>> {
    const { maxStale = 0, bypass = false } = options;
    if (bypass) return await this.#bypass(subject);
    if (maxStale > 0) return await this.#readStale(subject, maxStale) ?? await this.#readNow(subject);
    return await this.#readNow(subject);
  }

  async #readNow(subject: Subject<T>): Promise<Found<T>> {
    await this.#tail.fence();
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
  near({ name, stands }: Pick<Subject<T>, "name" | "stands">): T | undefined {
    const entry = this.#near.get(name);
    if (entry === undefined || !stands(entry.value, entry.asOf)) return undefined;
    entry.asOf = this.#tail.position;
    entry.at = this.#tail.knownAt;
    this.#observer.hit("near");
    return entry.value;
  }

  #fromNear(subject: Subject<T>): { found: Found<T>; miss?: never } | { found?: never; miss: Miss } {
    const value = this.near(subject);
    if (value !== undefined) {
      return { found: { value, layer: "near", age: 0, stored: false, collapsed: false } };
    }
    this.#observer.miss("near");
    return { miss: this.#near.has(subject.name) ? "stale" : "uri-miss" };
  }

  async #fill(subject: Subject<T>): Promise<SharedAnswer<T>> {
    const answer = await this.#shared.read(subject);
    this.#keep(subject, answer);
    return answer;
  }

  /** Keeps the value, unless the tail knows that it no longer stands. */
  #keep(subject: Subject<T>, { value, asOf, at, size }: SharedAnswer<T>): void {
    const { epoch, seq } = this.#tail.position;
    const ahead = asOf.epoch === epoch && asOf.seq > seq;
    if (!ahead && !subject.stands(value, asOf)) this.#observer.refused("near");
    else this.#near.set(subject.name, { value, asOf, at, size });
  }

  async #bypass(subject: Subject<T>): Promise<Found<T>> {
    await this.#tail.fence();
    const answer: SharedAnswer<T> = { ...await subject.load(), miss: "bypass", stored: false };
    this.#keep(subject, answer);
    return foundOf(answer, { nearMiss: "bypass", collapsed: false });
  }

  async #readStale(subject: Subject<T>, maxStale: number): Promise<Found<T> | undefined> {
    const near = this.#near.get(subject.name);
    const found = near !== undefined
      ? { value: near.value, at: near.at, layer: "near" as const }
      : await this.#staleShared(subject);
    if (found === undefined) return undefined;
    const age = Math.max(0, this.#clock.now() - found.at);
    if (age > maxStale) return undefined;
    this.#observer.stale(found.layer);
    void this.#refreshes.run(subject.name, () => this.#refresh(subject));
    return { value: found.value, layer: found.layer, age, stored: false, collapsed: false };
  }

  async #staleShared(subject: Subject<T>): Promise<{ value: T; at: number; layer: "shared" } | undefined> {
    const peeked = await this.#shared.peek(subject);
    return peeked && { value: peeked.value, at: peeked.at, layer: "shared" };
  }

  async #refresh(subject: Subject<T>): Promise<void> {
    try {
      await this.#readNow(subject);
    } catch {
      // Nobody waits for it; whoever reads next without a stale value gets the error.
    }
  }
}

function foundOf<T>(
  { value, miss, stored }: SharedAnswer<T>,
  { nearMiss, collapsed }: { nearMiss: Miss; collapsed: boolean },
): Found<T> {
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
