import type { Clock } from "@flotilla/runtime";
import type { LaneName, Lanes } from "./lanes.ts";
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
  #ahead: TaskEntry[] = [];
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
    const fresh = this.#clock.now() - this.#readAt < FRESH;
    const isAccepted = ({ task }: TaskEntry) => accepts({ owner: task.owner.subject, kind: task.kind });
    this.#ahead = fresh ? this.#ahead.filter(isAccepted) : [];
    if (this.#ahead.length === 0) await this.#read(fresh ? AHEAD * count : count, accepts);
    else if (this.#ahead.length <= LOW * count) this.#read(AHEAD * count, accepts).catch(() => {});
    const taken = this.#ahead.splice(0, count);
    for (const { task } of taken) this.#claiming.add(task.id);
    return taken;
  }

  /** Reads so many tasks beyond those that are known. Whoever wants to read meanwhile waits for the same. */
  #read(count: number, accepts: (lane: LaneName) => boolean): Promise<void> {
    return this.#reading ??= this.#readNow(count, accepts).finally(() => this.#reading = undefined);
  }

  async #readNow(count: number, accepts: (lane: LaneName) => boolean): Promise<void> {
    this.#readAt = this.#clock.now();
    this.#claimed.clear();
    const found = await this.#lanes.next(count + this.#claiming.size + this.#ahead.length, accepts);
    this.#ahead = found.filter(({ task }) => !this.#claiming.has(task.id) && !this.#claimed.has(task.id));
  }

  /**
   * Tells what became of the claim.
   *
   * @param contended whether another worker was faster: it may be with what was read ahead, too
   */
  settle(taken: readonly TaskEntry[], contended: boolean): void {
    for (const { task } of taken) {
      this.#claiming.delete(task.id);
      this.#claimed.add(task.id);
    }
    if (contended) this.#ahead = [];
    this.#lanes.settle(contended);
  }
}
