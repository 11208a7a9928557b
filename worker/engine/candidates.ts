import type { Clock } from "@flotilla/runtime";
import type { Head, LaneName, Lanes } from "./lanes.ts";
import type { TaskEntry } from "./task_store.ts";

/** Milliseconds for which tasks that were read ahead are taken as they were read. */
const FRESH = 100;
/** So many times what is wanted is read while a worker takes tasks as fast as they can be read. */
const AHEAD = 8;
/** They are read again when no more than so many times what is wanted is left. */
const LOW = 3;

/**
 * What a worker claims next. A worker in a hurry has the tasks of several claims read at once; and what it is claiming
 * already is not offered again by a read that came before the claim.
 */
export class Candidates {
  readonly #lanes: Lanes;
  readonly #clock: Clock;
  /** Places, not tasks: most are looked into when their turn comes. */
  #ahead: Head[] = [];
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;
  readonly #claiming = new Set<string>();
  /** Claimed since the last read began. */
  readonly #claimed = new Set<string>();

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
    const fresh = this.#clock.now() - this.#readAt < FRESH;
    this.#ahead = fresh ? this.#ahead.filter(accepts) : [];
    if (this.#ahead.length === 0) await this.#read(fresh ? AHEAD * count : count, accepts);
    else if (this.#ahead.length <= LOW * count) this.#read(AHEAD * count, accepts).catch(() => {});
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

  /** Reads so many tasks beyond those that are known. Whoever wants to read meanwhile waits for the same. */
  #read(count: number, accepts: (lane: LaneName) => boolean): Promise<void> {
    return this.#reading ??= this.#readNow(count, accepts).finally(() => this.#reading = undefined);
  }

  async #readNow(count: number, accepts: (lane: LaneName) => boolean): Promise<void> {
    this.#readAt = this.#clock.now();
    this.#claimed.clear();
    const found = await this.#lanes.next(count + this.#claiming.size + this.#ahead.length, accepts);
    this.#ahead = found.filter(({ id }) => !this.#claiming.has(id) && !this.#claimed.has(id));
  }

  /**
   * Tells what became of the claim.
   *
   * @param contended whether another worker was faster: it may be with what was read ahead, too
   */
  settle(taken: readonly TaskEntry[], contended: boolean): void {
    this.#release(taken.map(({ task }) => task));
    if (contended) this.#ahead = [];
    this.#lanes.settle(contended);
  }
}
