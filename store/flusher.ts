/** What is needed of a file to flush it. */
export type Flushable = Pick<Deno.FsFile, "syncData" | "syncDataSync">;

/** Milliseconds. A disk that took no longer the last time is waited for where one is: other threads cost as much. */
const QUICK = 1;

/**
 * Brings what was written to a file to the disk. How long that takes is the disk's affair: a tenth of a millisecond here, ten
 * there. So it is measured. While it is quick it is done at once, since handing it to another thread takes as long as the disk
 * does, and longer where that thread has to wait for the processor; once it was slow it is left to another thread and the event
 * loop goes on, until it is quick again.
 */
export class Flusher {
  readonly #file: Flushable;
  readonly #now: () => number;
  /** Milliseconds that the last flush took. */
  #took = Infinity;

  /** @param now milliseconds of a clock that is never set */
  constructor(file: Flushable, now: () => number = () => performance.now()) {
    this.#file = file;
    this.#now = now;
  }

  /** Resolves when everything that was written before is on the disk; `undefined` when it is there already. */
  flush(): Promise<void> | undefined {
    const started = this.#now();
    const done = () => void (this.#took = this.#now() - started);
    if (this.#took > QUICK) return this.#file.syncData().then(done);
    this.#file.syncDataSync();
    done();
    return undefined;
  }
}
