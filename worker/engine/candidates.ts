import type { Clock } from "@flotilla/runtime";
import type { Head, LaneName, Lanes } from "./lanes.ts";
import type { TaskEntry } from "./task_store.ts";

/** Milliseconds for which tasks that were read ahead are taken as they were read. */
const FRESH = 100;
/** Milliseconds after which a worker that reads ahead looks at the front of the queue again: others may have come there. */
const FRONT = 50;
/** So many times what is wanted is read while a worker takes tasks as fast as they can be read. */
const AHEAD = 8;
/** They are read again when no more than so many times what is wanted is left, or what is wanted and a few. */
const [LOW, FEW] = [3, 64];

/**
 * What a worker claims next. A worker in a hurry has the tasks of several claims read at once; and what it is claiming
 * already is not offered again by a read that came before the claim.
 */
export class Candidates {
  readonly #lanes: Lanes;
  readonly #clock: Clock;
  /** Places, not tasks: most are looked into when their turn comes. */
  #ahead: Head[] = [];
  /** When the front of the queue was read. */
  #frontAt = -Infinity;
  /** How far each lane was read since then, by its {@linkcode laneText}. */
  #ends = new Map<string, Deno.KvKey>();
  #reading: Promise<void> | undefined;
  readonly #claiming = new Set<string>();
  /** Claimed since the front was read. */
  #claimed = new Set<string>();

  constructor(lanes: Lanes, options: { clock: Clock }) {
    this.#lanes = lanes;
    this.#clock = options.clock;
  }

  /** At most `count` tasks, until `settle` nobody else's; none when nothing waits that `accepts` takes. */
  async take(count: number, accepts: (lane: LaneName) => boolean): Promise<TaskEntry[]> {
    for (;;) {
      const heads = await this.#next(count, accepts);
      if (heads.length === 0) return [];
      const tasks = await this.#load(heads);
      if (tasks.length > 0) return tasks;
    }
  }

  async #next(count: number, accepts: (lane: LaneName) => boolean): Promise<Head[]> {
    const fresh = this.#clock.now() - this.#frontAt < FRESH;
    this.#ahead = fresh ? this.#ahead.filter(accepts) : [];
    if (this.#ahead.length === 0) {
      await this.#read(count, accepts);
      // Where there is nothing further on, something may be wanted now that was passed over.
      if (this.#ahead.length === 0 && this.#frontAt === -Infinity) await this.#read(count, accepts);
    } else if (this.#ahead.length <= Math.min(LOW * count, count + FEW)) {
      this.#read(count, accepts).catch(() => {});
    }
    return this.#ahead.splice(0, count);
  }

  async #load(heads: readonly Head[]): Promise<TaskEntry[]> {
    for (const { id } of heads) this.#claiming.add(id);
    const tasks = await this.#lanes.load(heads).catch((error) => {
      this.#release(heads);
      throw error;
    });
    const loaded = new Set(tasks.map(({ task }) => task.id));
    this.#release(heads.filter(({ id }) => !loaded.has(id)));
    return tasks;
  }

  #release(heads: readonly { readonly id: string }[]): void {
    for (const { id } of heads) {
      this.#claiming.delete(id);
      this.#claimed.add(id);
    }
  }

  /**
   * Reads at the front as many tasks as are wanted beyond those that are known, or further on as many as will be wanted soon.
   * Whoever wants to read meanwhile waits for the same.
   */
  #read(count: number, accepts: (lane: LaneName) => boolean): Promise<void> {
    return this.#reading ??= this.#readNow(count, accepts).finally(() => this.#reading = undefined);
  }

  async #readNow(count: number, accepts: (lane: LaneName) => boolean): Promise<void> {
    const now = this.#clock.now();
    if (now - this.#frontAt >= FRONT) {
      this.#frontAt = now;
      this.#ends = new Map();
      this.#claimed = new Set();
    }
    const onward = this.#ends.size > 0;
    const wanted = onward ? AHEAD * count : count + this.#claiming.size + this.#ahead.length;
    const found = await this.#lanes.next(wanted, accepts, (lane) => this.#ends.get(laneText(lane)));
    if (onward && found.length === 0) this.#frontAt = -Infinity;
    for (const head of found) this.#ends.set(laneText(head), head.entry.key);
    const open = found.filter(({ id }) => !this.#claiming.has(id) && !this.#claimed.has(id));
    this.#ahead = onward ? [...this.#ahead, ...open] : open;
  }

  /**
   * Tells what became of the claim.
   *
   * @param contended whether another worker was faster: it may be with what was read ahead, too
   */
  settle(taken: readonly TaskEntry[], contended: boolean): void {
    this.#release(taken.map(({ task }) => task));
    if (contended) {
      this.#ahead = [];
      this.#frontAt = -Infinity;
    }
    this.#lanes.settle(contended);
  }
}

function laneText({ owner, kind }: LaneName): string {
  return `${kind} ${owner}`;
}
