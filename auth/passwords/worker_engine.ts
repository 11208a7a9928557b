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
  /** Starts a thread. @default a `Worker`, which needs `--allow-read` of its file */
  spawn?: () => HashThread;
}

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
 * @throws {RangeError} when the number of threads is no integer from 1 to 64
 */
export function workerEngine(options: WorkerEngineOptions = {}): HashEngine {
  const { threads = 1, spawn = spawnWorker } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new RangeError(`Cannot make a hash engine: threads must be 1 to 64, got ${threads}`);
  }
  const pool = new ThreadPool(threads, spawn);
  return {
    parallelism: threads,
    derive: (job) => pool.run(job),
    [Symbol.dispose]: () => pool.close(),
  };
}

interface Pending {
  readonly job: Argon2Job;
  readonly resolve: (tag: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

class ThreadPool {
  readonly #spawn: () => HashThread;
  readonly #idle: HashThread[] = [];
  readonly #busy = new Map<HashThread, Pending>();
  readonly #waiting: Pending[] = [];
  #nextId = 0;

  constructor(threads: number, spawn: () => HashThread) {
    this.#spawn = spawn;
    for (let i = 0; i < threads; i++) this.#start();
  }

  run(job: Argon2Job): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#dispatch();
    });
  }

  close(): void {
    for (const thread of [...this.#idle, ...this.#busy.keys()]) thread.terminate();
    const error = new HashThreadError("The hash engine was stopped");
    for (const pending of [...this.#busy.values(), ...this.#waiting]) pending.reject(error);
    this.#idle.length = this.#waiting.length = 0;
    this.#busy.clear();
  }

  #start(): void {
    const thread = this.#spawn();
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
      const thread = this.#idle.pop();
      const pending = thread === undefined ? undefined : this.#waiting.shift();
      if (thread === undefined || pending === undefined) return;
      this.#busy.set(thread, pending);
      thread.postMessage({ id: this.#nextId++, ...pending.job });
    }
  }

  #settle(thread: HashThread, reply: HashReply): void {
    const pending = this.#busy.get(thread);
    this.#busy.delete(thread);
    this.#idle.push(thread);
    if (reply.ok) pending?.resolve(reply.tag);
    else pending?.reject(new HashThreadError(`Cannot hash: ${reply.reason}`));
    this.#dispatch();
  }

  #replace(thread: HashThread, reason: string): void {
    const pending = this.#busy.get(thread);
    this.#busy.delete(thread);
    thread.terminate();
    const index = this.#idle.indexOf(thread);
    if (index >= 0) this.#idle.splice(index, 1);
    pending?.reject(new HashThreadError(`A hashing thread died: ${reason}`));
    // A thread that dies before it was given anything cannot start at all: another one would die as well, for ever.
    if (pending !== undefined) this.#start();
    this.#dispatch();
  }
}

function spawnWorker(): HashThread {
  return new Worker(HASH_WORKER, { type: "module", name: "hash" });
}
