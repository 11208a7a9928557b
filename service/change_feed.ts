import { type Clock, sleep } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import type { ChangeTail, Position } from "./change_tail.ts";
import { type Change, LATEST_KEY } from "./keyspace.ts";
import type { RecordDatabase } from "./record_database.ts";

/** What happened since a subscriber last looked. */
export type FeedItem =
  | { readonly kind: "change"; readonly position: Position; readonly change: Change }
  /** Changes before this position may have been missed: whoever follows must read again what it holds. */
  | { readonly kind: "gap"; readonly position: Position }
  /** Nothing happened for a while: the position is still this one. */
  | { readonly kind: "idle"; readonly position: Position };

/** Milliseconds after which whoever hears nothing is told that the stream lives. */
export const IDLE_INTERVAL = 15_000;

/** How {@linkcode ChangeFeed} follows. */
export interface ChangeFeedOptions {
  database: RecordDatabase;
  tail: ChangeTail;
  clock: Clock;
  /** Milliseconds after which a subscriber to whom nothing happens is told so. @default 15_000 */
  idleInterval?: number;
  /** Milliseconds after which the log is looked at though no watch woke us. @default 5_000 */
  pollInterval?: number;
}

const logger = getLogger(["flotilla", "service", "feed"]);

/** Tells every change of the log to those who subscribe, in order and without gaps. While nobody does, it rests. */
export class ChangeFeed {
  readonly #database: RecordDatabase;
  readonly #tail: ChangeTail;
  readonly #clock: Clock;
  readonly #idleInterval: number;
  readonly #pollInterval: number;
  #subscribers = 0;
  #wake = Promise.withResolvers<void>();
  #stop = new AbortController();

  constructor(options: ChangeFeedOptions) {
    const { database, tail, clock, idleInterval = IDLE_INTERVAL, pollInterval = 5_000 } = options;
    this.#database = database;
    this.#tail = tail;
    this.#clock = clock;
    this.#idleInterval = idleInterval;
    this.#pollInterval = pollInterval;
  }

  /** How many follow it now. */
  get subscribers(): number {
    return this.#subscribers;
  }

  /**
   * The changes after that position, for ever, until the signal is aborted.
   *
   * @param after in the life of the database that it names; another one begins with a gap
   */
  async *follow(after: Position, signal: AbortSignal): AsyncGenerator<FeedItem> {
    let position = after;
    this.#join();
    try {
      while (!signal.aborted) {
        const woken = this.#wake.promise;
        for await (const item of this.#since(position)) {
          position = item.position;
          yield item;
          if (signal.aborted) return;
        }
        if (await this.#wait(woken, signal) === "idle") yield { kind: "idle", position };
      }
    } finally {
      this.#leave();
    }
  }

  async *#since(after: Position): AsyncGenerator<FeedItem> {
    const { epoch, seq: end } = this.#tail.position;
    if (epoch !== after.epoch || after.seq > end) {
      yield { kind: "gap", position: this.#tail.position };
      return;
    }
    const known = this.#tail.since(after.seq);
    const changes = known === undefined ? this.#database.changes(after.seq, end) : numbered(known, after.seq);
    let last = after.seq;
    for await (const { seq, change } of changes) {
      if (seq !== last + 1) break;
      last = seq;
      yield { kind: "change", position: { seq, epoch }, change };
    }
    if (last < end) yield { kind: "gap", position: { seq: end, epoch } };
  }

  async #wait(woken: Promise<void>, signal: AbortSignal): Promise<"woken" | "idle"> {
    const timer = new AbortController();
    const ended = AbortSignal.any([signal, timer.signal]);
    const idle = sleep(this.#idleInterval, { clock: this.#clock, signal: ended })
      .then(() => "idle" as const, () => "woken" as const);
    try {
      return await Promise.race([woken.then(() => "woken" as const), idle]);
    } finally {
      timer.abort();
    }
  }

  #join(): void {
    if (this.#subscribers++ > 0) return;
    this.#stop = new AbortController();
    void this.#watch(this.#stop.signal);
    void this.#poll(this.#stop.signal);
  }

  #leave(): void {
    if (--this.#subscribers === 0) this.#stop.abort();
  }

  /** Looks at the log when the database says that it has grown. */
  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const reader = this.#database.kv.watch([LATEST_KEY]).getReader();
        const cancel = () => void reader.cancel().catch(() => {});
        signal.addEventListener("abort", cancel, { once: true });
        while (!signal.aborted && !(await reader.read()).done) await this.#look();
        signal.removeEventListener("abort", cancel);
      } catch (error) {
        logger.warn("The change log cannot be watched; it is looked at now and then", { error });
      }
      await this.#pause(signal);
    }
  }

  /** Looks at the log now and then, since a watch may be lost without a word. */
  async #poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#pause(signal);
      if (!signal.aborted) await this.#look();
    }
  }

  #pause(signal: AbortSignal): Promise<void> {
    return sleep(this.#pollInterval, { clock: this.#clock, signal }).catch(() => {});
  }

  async #look(): Promise<void> {
    try {
      await this.#tail.fence();
    } catch (error) {
      logger.warn("The change log cannot be read", { error });
      return;
    }
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers();
    resolve();
  }
}

function* numbered(changes: readonly Change[], after: number): Generator<{ seq: number; change: Change }> {
  for (const [index, change] of changes.entries()) yield { seq: after + index + 1, change };
}
