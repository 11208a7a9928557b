import type { Clock, Timer } from "@flotilla/runtime";
import { encodeWatchFrame, type Entry, KEEP_ALIVE_FRAME } from "./datapath.ts";
import { keyId } from "./key_id.ts";

/** What a {@linkcode WatchHub} works with. */
export interface WatchHubOptions {
  clock: Clock;
  /** Milliseconds between two frames at most, so that both sides notice when the other is gone. */
  keepAlive: number;
  /** What is stored under a key now. */
  read(key: Uint8Array): Entry | undefined;
  /** Whether a change of the key with this {@linkcode keyId} is about to be told, and nobody may know of it yet. @default never */
  pending?(id: string): boolean;
}

/** The longest that a timer of the platform waits. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** All open watches, found by the keys they watch. */
export class WatchHub {
  readonly #options: WatchHubOptions;
  readonly #byKey = new Map<string, Set<Watch>>();
  readonly #open = new Set<Watch>();

  constructor(options: WatchHubOptions) {
    this.#options = options;
  }

  /** How many watches are open. */
  get size(): number {
    return this.#open.size;
  }

  /** The body of a watch's answer: a frame with every key's entry, and a frame whenever one has changed. */
  open(keys: readonly Uint8Array[]): ReadableStream<Uint8Array<ArrayBuffer>> {
    const watch = new Watch(keys, this.#options, () => this.#release(watch));
    this.#open.add(watch);
    for (const id of watch.ids) {
      const watches = this.#byKey.get(id);
      if (watches === undefined) this.#byKey.set(id, new Set([watch]));
      else watches.add(watch);
    }
    return new ReadableStream(watch, { highWaterMark: 0 });
  }

  /** Tells the watches of a key, named by its {@linkcode keyId}, that it may have changed. */
  changed(id: string): void {
    if (this.#byKey.size === 0) return;
    const watches = this.#byKey.get(id);
    if (watches !== undefined) { for (const watch of watches) watch.wake(); }
  }

  /** Ends every watch; clients come again, to this process or to the next. */
  close(): void {
    for (const watch of [...this.#open]) watch.end();
  }

  #release(watch: Watch): void {
    this.#open.delete(watch);
    for (const id of watch.ids) {
      const watches = this.#byKey.get(id);
      watches?.delete(watch);
      if (watches?.size === 0) this.#byKey.delete(id);
    }
  }
}

/**
 * One watch, as the source of its answer's body. A frame is made at the moment the client has room for it, from what is
 * stored then: so each is a snapshot, changes that come faster than the client reads fall together, and a slow client
 * costs no memory.
 */
class Watch implements UnderlyingDefaultSource<Uint8Array<ArrayBuffer>> {
  readonly ids: readonly string[];
  readonly #keys: readonly Uint8Array[];
  readonly #options: WatchHubOptions;
  readonly #release: () => void;
  /** What the client was told last, by the key's place: a version, or `null` for no entry. */
  #told: readonly (number | null)[] | undefined;
  /** Whether a key may have changed since. */
  #dirty = true;
  /** When the first of the entries that the client knows expires. */
  #expires = Infinity;
  #timer: Timer | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  /** Set while the client has room for a frame and there is none. */
  #resume: (() => void) | undefined;

  constructor(keys: readonly Uint8Array[], options: WatchHubOptions, release: () => void) {
    this.#keys = keys;
    this.#options = options;
    this.#release = release;
    this.ids = [...new Set(keys.map(keyId))];
  }

  start(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    this.#controller = controller;
  }

  pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> | void {
    const frame = this.#nextFrame();
    if (frame !== undefined) {
      controller.enqueue(frame);
      return;
    }
    // Settled when a frame is sent or the watch ends.
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#wait();
    });
  }

  cancel(): void {
    this.#stop();
  }

  /** A key may have changed. */
  wake(): void {
    this.#dirty = true;
    if (this.#resume !== undefined) this.#deliver(undefined);
  }

  end(): void {
    this.#stop();
    this.#controller?.close();
  }

  #stop(): void {
    this.#release();
    this.#timer?.cancel();
    this.#resume?.();
    this.#resume = undefined;
  }

  /** Sends what has changed, or else `otherwise`, to a client that has room for it. */
  #deliver(otherwise: Uint8Array<ArrayBuffer> | undefined): void {
    try {
      const frame = this.#nextFrame() ?? otherwise;
      if (frame === undefined) return;
      this.#timer?.cancel();
      this.#controller?.enqueue(frame);
    } catch (error) {
      this.#stop();
      this.#controller?.error(error);
      return;
    }
    this.#resume?.();
    this.#resume = undefined;
  }

  /** Waits for whichever comes first: a change, an expiry, or the time to say that the server is alive. */
  #wait(): void {
    const { clock, keepAlive } = this.#options;
    const untilExpiry = Math.max(0, this.#expires - clock.now());
    const expiresFirst = untilExpiry <= keepAlive;
    const wait = Math.min(expiresFirst ? untilExpiry : keepAlive, LONGEST_WAIT);
    this.#timer = clock.setTimeout(
      () => {
        if (expiresFirst) this.#dirty = true;
        this.#deliver(KEEP_ALIVE_FRAME.slice());
      },
      wait,
      { background: true },
    );
  }

  /** A frame of what is stored now; `undefined` when that is what the client was told last. */
  #nextFrame(): Uint8Array<ArrayBuffer> | undefined {
    const { pending } = this.#options;
    if (!this.#dirty || this.ids.some((id) => pending?.(id))) return undefined;
    this.#dirty = false;
    const told = this.#told;
    const entries = this.#keys.map((key) => this.#options.read(key));
    this.#expires = Math.min(...entries.map((entry) => entry?.expires ?? Infinity));
    this.#told = entries.map((entry) => entry?.version ?? null);
    const isNews = told === undefined || this.#told.some((version, index) => version !== told[index]);
    return isNews ? encodeWatchFrame(entries) : undefined;
  }
}
