/** Reads that Deno completes at most before anything else has its turn: what tokio lets one task do at once. */
const MOST = 128;
/** After a turn with no more reads than this, nobody is left who had something to read before. */
const QUIET = 64;
/** Milliseconds without any read after which nobody is left either. */
const SILENCE = 1;
/** Who waits reads on in shares, so that the next turn is not one of too many again. */
const SHARE = 96;

/** What reads on when others had their turn. */
export interface Reader {
  /** Whether it waits for its turn; set to false by whoever reads otherwise, it does not read on. */
  waiting: boolean;
  /** Reads on. */
  proceed(): void;
}

/**
 * Lets the sockets of an event loop be read in turn. Of more than 128 that have something, Deno reads 128, and of the others it
 * takes those first next time that came last: tokio wakes in reverse what was left over. So under a load on some hundred connections
 * those just served were served again and again, and others waited for seconds. Therefore whoever was served after such a turn does
 * not read on before there was one with few to read, or none at all.
 */
export class ReadTurns {
  readonly #later: (work: () => void) => void;
  readonly #waiting: Reader[] = [];
  #reads = 0;
  #crowded = false;
  /** Whether it is looked at after each silence. */
  #looking = false;
  /** Whether there was a turn since this was last looked at. */
  #busy = false;

  /** @param later does `work` in so many milliseconds */
  constructor(later: (work: () => void, ms: number) => void = setTimeout) {
    this.#later = (work) => later(work, SILENCE);
  }

  /** Counts a read that has completed. */
  count(): void {
    // Behind all that this turn of the event loop has completed, for they are in the queue already.
    if (this.#reads++ === 0) queueMicrotask(this.#end);
  }

  /** Has a reader read on: at once, or when the others had their turn. */
  wait(reader: Reader): void {
    if (!this.#crowded) return reader.proceed();
    if (reader.waiting) return;
    reader.waiting = true;
    this.#waiting.push(reader);
  }

  readonly #end = (): void => {
    const reads = this.#reads;
    this.#reads = 0;
    this.#busy = true;
    if (reads >= MOST) this.#hold();
    else if (this.#crowded && reads <= QUIET) this.#release();
  };

  #hold(): void {
    this.#crowded = true;
    if (this.#looking) return;
    this.#looking = true;
    this.#later(this.#look);
  }

  readonly #look = (): void => {
    if (this.#crowded && !this.#busy) this.#release();
    this.#busy = false;
    this.#looking = this.#crowded;
    if (this.#looking) this.#later(this.#look);
  };

  #release(): void {
    if (this.#waiting.length <= SHARE) this.#crowded = false;
    for (const reader of this.#waiting.splice(0, SHARE)) {
      if (!reader.waiting) continue;
      reader.waiting = false;
      reader.proceed();
    }
  }
}

/** Of this thread's event loop. */
export const READ_TURNS = new ReadTurns();
