import { type Clock, systemClock, type Timer } from "@flotilla/runtime";
import type { Argon2Job } from "./argon2id.ts";
import type { HashEngine } from "./hash_engine.ts";
import type { HashReply, HashRequest } from "./worker_message.ts";

/** A thread that hashes: what {@linkcode workerEngine} needs of a `Worker`. */
export interface HashThread {
  onmessage: ((event: MessageEvent<HashReply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(request: HashRequest): void;
  terminate(): void;
}

/** How {@linkcode workerEngine} computes. */
export interface WorkerEngineOptions {
  /** Threads, and so hashes at the same time. @default 1 */
  threads?: number;
  /**
   * The share of a core that a thread takes while there is always more to hash: after each hash it rests for so long. A
   * single sign-in does not notice it. When the machine is busy hashes take longer, and so do the rests. @default 0.5
   */
  share?: number;
  /**
   * The share while more than {@linkcode FLOOD} wait for each thread: a flood of sign-ins, most of which are refused in any
   * case, leaves nearly all time for what else runs on the machine. @default 0.15
   */
  floodShare?: number;
  /** @default `systemClock` */
  clock?: Clock;
  /** Starts a thread. @default a `Worker`, which needs `--allow-read` of its folder */
  spawn?: () => HashThread;
}

/** So many waiting for each thread are more than a class that signs in at the same moment. */
export const FLOOD = 8;

/** The file that a hashing thread runs. */
export const HASH_WORKER: URL = new URL("./hash_worker.ts", import.meta.url);

/** A thread stopped in the middle of a hash, or the engine was disposed. */
export class HashThreadError extends Error {
  override readonly name = "HashThreadError";
}

/**
 * Computes on threads of its own, so that the event loop goes on meanwhile. A thread that dies fails the hash it was
 * at, and another takes its place. Jobs beyond the number of threads wait in turn.
 *
 * @throws {RangeError} when the number of threads is no integer from 1 to 64, or a share not between 0 and 1
 */
export function workerEngine(options: WorkerEngineOptions = {}): HashEngine {
  const { threads = 1, share = 0.5, floodShare = 0.15, clock = systemClock, spawn = spawnWorker } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new RangeError(`Cannot make a hash engine: threads must be 1 to 64, got ${threads}`);
  }
  for (const [name, value] of Object.entries({ share, floodShare })) {
    if (!(value > 0 && value <= 1)) {
      throw new RangeError(
        `Cannot make a hash engine: ${name} must be more than 0 and at most 1, got ${value}`,
      );
    }
  }
  const pool = new ThreadPool(threads, { rest: restOf(share), floodRest: restOf(floodShare), clock, spawn });
  return {
    parallelism: threads,
    derive: (job, signal) => pool.run(job, signal),
    [Symbol.dispose]: () => pool.close(),
  };
}

function restOf(share: number): number {
  return 1 / share - 1;
}

interface Pending {
  readonly job: Argon2Job;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (tag: Uint8Array) => void;
  readonly reject: (reason: unknown) => void;
}

interface PoolOptions {
  /** How long a thread rests, in units of the hash before. */
  readonly rest: number;
  /** The same while a flood waits. */
  readonly floodRest: number;
  readonly clock: Clock;
  readonly spawn: () => HashThread;
}

class ThreadPool {
  readonly #options: PoolOptions;
  readonly #idle: HashThread[] = [];
  readonly #busy = new Map<HashThread, Pending & { readonly began: number }>();
  readonly #resting = new Map<HashThread, Timer>();
  readonly #waiting: Pending[] = [];
  #nextId = 0;

  constructor(threads: number, options: PoolOptions) {
    this.#options = options;
    for (let i = 0; i < threads; i++) this.#start();
  }

  run(job: Argon2Job, signal: AbortSignal | undefined): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, signal, resolve, reject });
      if (this.#size === 0) this.#start();
      this.#dispatch();
    });
  }

  get #size(): number {
    return this.#idle.length + this.#busy.size + this.#resting.size;
  }

  #refuseWaiting(error: HashThreadError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  close(): void {
    for (const timer of this.#resting.values()) timer.cancel();
    for (const thread of [...this.#idle, ...this.#busy.keys(), ...this.#resting.keys()]) thread.terminate();
    const error = new HashThreadError("The hash engine was stopped");
    for (const { reject } of this.#busy.values()) reject(error);
    this.#refuseWaiting(error);
    this.#idle.length = 0;
    this.#busy.clear();
    this.#resting.clear();
  }

  #start(): void {
    const thread = this.#options.spawn();
    thread.onmessage = ({ data }) => this.#settle(thread, data);
    thread.onerror = (event) => {
      // Otherwise the error would end this process, too.
      event.preventDefault();
      this.#replace(thread, event.message);
    };
    this.#idle.push(thread);
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle.at(-1);
      if (thread === undefined) return;
      const pending = this.#waiting.shift();
      if (pending === undefined) return;
      if (pending.signal?.aborted) {
        pending.reject(pending.signal.reason);
        continue;
      }
      this.#idle.pop();
      this.#busy.set(thread, { ...pending, began: this.#options.clock.now() });
      thread.postMessage({ id: this.#nextId++, ...pending.job });
    }
  }

  #settle(thread: HashThread, reply: HashReply): void {
    const pending = this.#busy.get(thread);
    if (pending === undefined) return;
    if (reply.ok) pending.resolve(reply.tag);
    else pending.reject(new HashThreadError(`Cannot hash: ${reply.reason}`));
    const { rest, floodRest, clock } = this.#options;
    const flooded = this.#waiting.length > FLOOD * this.#size;
    const ms = (flooded ? floodRest : rest) * (clock.now() - pending.began);
    this.#busy.delete(thread);
    if (ms <= 0) return this.#rested(thread);
    this.#resting.set(thread, clock.setTimeout(() => this.#rested(thread), ms));
  }

  #rested(thread: HashThread): void {
    this.#resting.delete(thread);
    this.#idle.push(thread);
    this.#dispatch();
  }

  #replace(thread: HashThread, reason: string): void {
    const pending = this.#busy.get(thread);
    this.#busy.delete(thread);
    this.#resting.get(thread)?.cancel();
    this.#resting.delete(thread);
    thread.terminate();
    const index = this.#idle.indexOf(thread);
    if (index >= 0) this.#idle.splice(index, 1);
    pending?.reject(new HashThreadError(`A hashing thread died: ${reason}`));
    // One that dies before it was given anything cannot start at all: then another is only tried for the next password.
    if (pending !== undefined) this.#start();
    if (this.#size === 0) {
      this.#refuseWaiting(new HashThreadError(`A hashing thread cannot start: ${reason}`));
    }
    this.#dispatch();
  }
}

function spawnWorker(): HashThread {
  return new Worker(HASH_WORKER, { type: "module", name: "hash" });
}
