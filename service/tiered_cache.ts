import { LRUCache } from "lru-cache";
import type { ChangeTail, Position } from "./change_tail.ts";
import type { Lookup, SharedCache } from "./shared_cache.ts";
import { SingleFlight } from "./single_flight.ts";

/** Something read from the database, and when. */
export interface Reading<T> {
  readonly value: T;
  /** The value was what the database held after this change. */
  readonly asOf: Position;
  /** About how many bytes the value has. */
  readonly size: number;
}

/** What {@linkcode TieredCache} caches: one record, one page. */
export interface Subject<T> {
  /** Parts it from all other subjects of the same cache. */
  readonly name: string;
  /** Whether the database would still answer this value, by all that the tail knows. */
  stands(value: T, asOf: Position): boolean;
  /** Reads the database. */
  load(): Promise<Reading<T>>;
}

/** Where a value came from. */
export type Layer = "near" | "shared" | "database";

/** A value and where it came from. */
export interface Found<T> {
  readonly value: T;
  readonly layer: Layer;
  /** Another reader's fill was waited for. */
  readonly joined: boolean;
  /** It was put into the shared cache. */
  readonly stored: boolean;
}

/** What happens in a cache, counted by whoever likes to. */
export interface CacheObserver {
  hit(layer: "near" | "shared"): void;
  miss(layer: "near" | "shared"): void;
  /** A reader waited for another one's fill. */
  coalesced(): void;
  /** A value was not kept, since a newer one is known or was put meanwhile. */
  refused(layer: "near" | "shared"): void;
}

/** How {@linkcode TieredCache} caches. */
export interface TieredCacheOptions {
  /** First part of the keys in the shared cache. */
  kind: string;
  shared: SharedCache;
  tail: ChangeTail;
  /** Most bytes in this process. @default 33_554_432 */
  nearBytes?: number;
  /** @default nothing is counted */
  observer?: CacheObserver;
}

interface SharedEntry<T> {
  readonly value: T;
  readonly asOf: Position;
  readonly size: number;
}

interface NearEntry<T> {
  readonly value: T;
  asOf: Position;
  readonly size: number;
}

const UNCOUNTED: CacheObserver = { hit() {}, miss() {}, coalesced() {}, refused() {} };

/**
 * The near cache of this process, the shared cache behind it, the database last.
 *
 * Every reader first learns the end of the change log, and whatever a cache then offers is used only when the log tells
 * that it still stands. So no cache has to be told of a write, none can be told too late, and a value that somebody
 * puts into a cache late does no harm.
 */
export class TieredCache<T> {
  readonly #kind: string;
  readonly #shared: SharedCache;
  readonly #tail: ChangeTail;
  readonly #observer: CacheObserver;
  readonly #near: LRUCache<string, NearEntry<T>>;
  readonly #fills = new SingleFlight<Filled<T>>();

  constructor(options: TieredCacheOptions) {
    const { kind, shared, tail, nearBytes = 33_554_432, observer = UNCOUNTED } = options;
    this.#kind = kind;
    this.#shared = shared;
    this.#tail = tail;
    this.#observer = observer;
    this.#near = new LRUCache({ maxSize: nearBytes, sizeCalculation: (entry) => entry.size + 512 });
  }

  /** What the database holds now, from the nearest place that has it. */
  async read(subject: Subject<T>): Promise<Found<T>> {
    await this.#tail.fence();
    for (let attempt = 0;; attempt++) {
      const near = this.#fromNear(subject);
      if (near !== undefined) return near;
      const { value: filled, joined } = await this.#fills.run(subject.name, () => this.#fill(subject));
      if (joined) this.#observer.coalesced();
      // A fill that began before this reader came may have read what is no longer so; the one after it did not.
      if (!joined || attempt > 0 || subject.stands(filled.value, filled.asOf)) return { ...filled, joined };
    }
  }

  #fromNear(subject: Subject<T>): Found<T> | undefined {
    const entry = this.#near.get(subject.name);
    if (entry === undefined || !subject.stands(entry.value, entry.asOf)) {
      this.#observer.miss("near");
      return undefined;
    }
    entry.asOf = this.#tail.position;
    this.#observer.hit("near");
    return { value: entry.value, layer: "near", joined: false, stored: false };
  }

  async #fill(subject: Subject<T>): Promise<Filled<T>> {
    const key = ["data", this.#tail.position.epoch, this.#kind, subject.name];
    const lookup = await this.#shared.get<SharedEntry<T>>(key);
    if (lookup.kind === "found" && await this.#stands(subject, lookup.value)) {
      this.#observer.hit("shared");
      this.#keepNear(subject, lookup.value);
      return { value: lookup.value.value, asOf: lookup.value.asOf, layer: "shared", stored: false };
    }
    this.#observer.miss("shared");
    const reading = await subject.load();
    this.#keepNear(subject, reading);
    const stored = await this.#keepShared(key, reading, lookup);
    return { value: reading.value, asOf: reading.asOf, layer: "database", stored };
  }

  /** A service that was faster may have put what is newer than this one knows. */
  async #stands(subject: Subject<T>, entry: SharedEntry<T>): Promise<boolean> {
    if (entry.asOf.seq > this.#tail.position.seq) await this.#tail.fence();
    return subject.stands(entry.value, entry.asOf);
  }

  #keepNear(subject: Subject<T>, { value, asOf, size }: Reading<T>): void {
    const newerThanTail = asOf.epoch === this.#tail.position.epoch && asOf.seq > this.#tail.position.seq;
    if (newerThanTail || subject.stands(value, asOf)) this.#near.set(subject.name, { value, asOf, size });
    else this.#observer.refused("near");
  }

  async #keepShared(key: Deno.KvKey, reading: Reading<T>, lookup: Lookup<SharedEntry<T>>): Promise<boolean> {
    if (lookup.kind === "unavailable") return false;
    const entry: SharedEntry<T> = { value: reading.value, asOf: reading.asOf, size: reading.size };
    const stored = await this.#shared.put(key, entry, { over: lookup, size: reading.size });
    if (stored === undefined && this.#shared.available) this.#observer.refused("shared");
    return stored !== undefined;
  }
}

interface Filled<T> extends Omit<Found<T>, "joined"> {
  readonly asOf: Position;
}
