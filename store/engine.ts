import type { Clock } from "@flotilla/runtime";
import type { Registry } from "prom-client";
import { admitWrite } from "./atomic_write.ts";
import { Committer } from "./committer.ts";
import type { DatabaseOptions } from "./database_file.ts";
import {
  decodeAtomicWrite,
  decodeSnapshotRead,
  decodeWatch,
  encodeCheckFailure,
  encodeSnapshotReadOutput,
  encodeWriteSuccess,
} from "./datapath.ts";
import { Evictor } from "./evictor.ts";
import { assertReadable, assertWatchable } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import { createStoreMetrics, type StoreMetrics } from "./store_metrics.ts";
import { Sweeper } from "./sweeper.ts";
import { Table } from "./table.ts";
import { WatchHub } from "./watch_hub.ts";

/** What an {@linkcode Engine} is made from. */
export interface EngineOptions extends DatabaseOptions {
  /** Bytes that the entries may add up to. @default none */
  maxBytes?: number | undefined;
  /** Milliseconds between two sweeps. */
  sweepInterval: number;
  /** Milliseconds between two frames of a watch at most. */
  keepAlive: number;
  clock: Clock;
  registry: Registry;
}

/** Milliseconds after a failed commit within which the store says that it is not ready. */
const FAILURE_SHOWN = 10_000;

/** The operations of the data path on one database: each takes a message's bytes and gives those of the answer. */
export class Engine implements AsyncDisposable {
  readonly #table: Table;
  readonly #clock: Clock;
  readonly #metrics: StoreMetrics;
  readonly #evictor: Evictor | undefined;
  readonly #committer: Committer;
  readonly #sweeper: Sweeper;
  readonly #hub: WatchHub;
  #closed = false;
  #closing: Promise<void> | undefined;

  /** @throws {DatabaseOpenError} when the database cannot be opened */
  constructor(options: EngineOptions) {
    const { maxBytes, clock, keepAlive, sweepInterval: interval, registry } = options;
    this.#evictor = maxBytes === undefined ? undefined : new Evictor(maxBytes);
    const table = new Table(options, clock.now());
    const hub = new WatchHub({
      clock,
      keepAlive,
      read: (key) => table.entry(key, clock.now()),
      pending: (id) => this.#committer.isUnflushed(id),
    });
    const metrics = createStoreMetrics(registry, { size: () => table.size, watchers: () => hub.size });
    this.#committer = new Committer({
      table,
      clock,
      metrics,
      evictor: this.#evictor,
      onChange: (id) => hub.changed(id),
    });
    this.#sweeper = new Sweeper({ table, clock, interval, onExpired: metrics.expired });
    this.#sweeper.start();
    [this.#table, this.#clock, this.#hub, this.#metrics] = [table, clock, hub, metrics];
  }

  /** The database's UUID. */
  get databaseId(): string {
    return this.#table.id;
  }

  /**
   * Answers a `SnapshotRead` with a `SnapshotReadOutput`. All ranges are read without a write in between; what is still on
   * its way to the disk is waited for.
   *
   * Rejects with a {@linkcode WireError} when the bytes are no such message, and with a {@linkcode Refusal} when it asks for
   * too much.
   */
  async read(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const ranges = decodeSnapshotRead(message);
    assertReadable(ranges);
    const readable = this.#committer.readable(ranges);
    if (readable !== undefined) await readable;
    this.#assertOpen();
    const started = performance.now();
    const now = this.#clock.now();
    const found = ranges.map((range) => this.#table.list(range, now));
    let count = 0;
    for (const entries of found) {
      count += entries.length;
      if (this.#evictor !== undefined) { for (const { key } of entries) this.#evictor.touch(key); }
    }
    this.#metrics.read(count, (performance.now() - started) / 1_000);
    return encodeSnapshotReadOutput(found);
  }

  /**
   * Answers an `AtomicWrite` with an `AtomicWriteOutput`, when it is durable.
   *
   * Rejects with a {@linkcode WireError} when the bytes are no such message, and with a {@linkcode Refusal} when the
   * write is not done.
   */
  async write(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const write = admitWrite(decodeAtomicWrite(message));
    this.#assertOpen();
    const outcome = await this.#committer.submit(write);
    return outcome.type === "committed"
      ? encodeWriteSuccess(outcome.version)
      : encodeCheckFailure(outcome.failed);
  }

  /**
   * Answers a `Watch` with its stream of frames.
   *
   * @throws {WireError} when the bytes are no such message
   * @throws {Refusal} when it asks for too much
   */
  watch(message: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
    const keys = decodeWatch(message);
    assertWatchable(keys);
    this.#assertOpen();
    return this.#hub.open(keys);
  }

  /** Ends every watch. */
  endWatches(): void {
    this.#hub.close();
  }

  /** @throws {Error} when the database cannot be read, or a write could not be committed just now */
  assertReady(): void {
    this.#assertOpen();
    this.#table.nextExpiry();
    const failed = this.#committer.failure;
    if (failed === undefined || this.#clock.now() - failed.at > FAILURE_SHOWN) return;
    throw new Error(`writes fail: ${failed.failure.message}`, { cause: failed.failure });
  }

  /** Commits what was submitted, ends the watches and closes the database. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#closed = true;
    await this.#committer.drained();
    this.#sweeper[Symbol.dispose]();
    this.#hub.close();
    this.#table[Symbol.dispose]();
  }

  #assertOpen(): void {
    if (this.#closed) throw Refusal.forNow("The database is closed.");
  }
}
