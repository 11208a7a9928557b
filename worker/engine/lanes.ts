import { type Clock, entriesOf, systemClock } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { keys, type TaskRef } from "./keys.ts";
import type { TaskEntry, TaskStore } from "./task_store.ts";

const logger = getLogger(["flotilla", "worker", "lanes"]);
/** Lanes read at once. */
const PAGE = 32;
/** Most tasks of a lane read at once. */
const MOST_HEADS = 1_000;
/** Ways to step aside for other workers: as many times twice what is wanted is passed over. */
const ASIDE = 4;
/** Milliseconds without a conflict after which a worker takes from the front again. */
const ASIDE_TIME = 5_000;

/** Whose tasks wait, and of what kind. */
export interface LaneName {
  readonly owner: string;
  readonly kind: string;
}

interface Lane extends LaneName {
  readonly entry: Deno.KvEntry<unknown>;
}

/** A task's place in the queue. */
export interface Head extends TaskRef {
  readonly kind: string;
  readonly place: number;
  readonly entry: Deno.KvEntry<unknown>;
}

/**
 * Chooses what to run next. Tasks wait in lanes, one for each owner and kind; owners are served in turn, so that one who
 * sends a million tasks delays another by one task and not by a million; among an owner's tasks the order is that of
 * their places. What it costs depends on how many are wanted, never on how many wait.
 */
export class Lanes {
  readonly #store: TaskStore;
  /** The owner served last; the next round begins after it. */
  #last = "";
  /** Whether there were more lanes than fit on a page. */
  #many = false;
  /** How far from the front this worker takes tasks, so that it does not want the same ones as others. */
  #aside = 0;
  #asideUntil = 0;
  readonly #clock: Clock;

  constructor(store: TaskStore, options: { clock?: Clock } = {}) {
    this.#store = store;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Says how the last candidates fared. After a conflict this worker steps aside for a while: it passes over some tasks at
   * the front, which others are about to claim, where there are so many.
   */
  settle(contended: boolean): void {
    const now = this.#clock.now();
    if (contended) {
      this.#aside = Math.floor(Math.random() * ASIDE);
      this.#asideUntil = now + ASIDE_TIME;
    } else if (now >= this.#asideUntil) this.#aside = 0;
  }

  /**
   * The places of the tasks to run next, at most `count`, in lanes that `accepts` takes. They are candidates: another worker
   * may claim them first.
   *
   * @param behind where to go on in a lane; default at its front
   */
  async next(
    count: number,
    accepts: (lane: LaneName) => boolean,
    behind: (lane: LaneName) => Deno.KvKey | undefined = () => undefined,
  ): Promise<Head[]> {
    const queues: Head[][] = [];
    let missing = count;
    for await (const page of this.#pages()) {
      const owners = Map.groupBy(page.filter((lane) => accepts(lane)), ({ owner }) => owner);
      const share = Math.ceil(missing / Math.max(1, owners.size));
      for (const lanes of owners.values()) {
        if (missing <= 0) break;
        const heads = await this.#heads(lanes, share, behind);
        if (heads.length > 0) queues.push(heads);
        missing -= heads.length;
      }
      if (missing <= 0) break;
    }
    const chosen = inTurn(queues, count);
    this.#last = chosen.at(-1)?.owner ?? this.#last;
    return chosen;
  }

  /**
   * All lanes, beginning after the owner served last and going round at the end. As long as they fit on a page, which is
   * known from the last time, one request gets them.
   */
  async *#pages(): AsyncGenerator<Lane[]> {
    if (!this.#many) {
      const lanes = await this.#page([...keys.lanes, ""], [...keys.lanes, AFTER_STRINGS]);
      this.#many = lanes.length === PAGE;
      if (!this.#many) {
        const turn = lanes.findIndex(({ owner }) => owner > this.#last);
        return yield turn <= 0 ? lanes : [...lanes.slice(turn), ...lanes.slice(0, turn)];
      }
    }
    const turn = [...keys.lanes, `${this.#last}\0`];
    let count = 0;
    for await (const page of this.#range(turn, [...keys.lanes, AFTER_STRINGS])) {
      count += page.length;
      yield page;
    }
    for await (const page of this.#range([...keys.lanes, ""], turn)) {
      count += page.length;
      yield page;
    }
    this.#many = count >= PAGE;
  }

  async *#range(start: Deno.KvKey, end: Deno.KvKey): AsyncGenerator<Lane[]> {
    for (let from = start;;) {
      const lanes = await this.#page(from, end);
      if (lanes.length > 0) yield lanes;
      const last = lanes.at(-1);
      if (last === undefined || lanes.length < PAGE) return;
      from = [...last.entry.key, ""];
    }
  }

  async #page(start: Deno.KvKey, end: Deno.KvKey): Promise<Lane[]> {
    const entries = await entriesOf(
      this.#store.kv.list<unknown>({ start, end }, { limit: PAGE, batchSize: PAGE }),
    );
    return entries.map((entry) => {
      const [owner, kind] = entry.key.slice(-2).map(String);
      return { owner: owner ?? "", kind: kind ?? "", entry };
    });
  }

  /** The first tasks of an owner over all their lanes, in the order of their places; or those behind, when stepping aside. */
  async #heads(
    lanes: readonly Lane[],
    count: number,
    behind: (lane: LaneName) => Deno.KvKey | undefined,
  ): Promise<Head[]> {
    const onward = lanes.some((lane) => behind(lane) !== undefined);
    const aside = onward ? 0 : this.#aside * 2 * count;
    const wanted = Math.min(MOST_HEADS, aside + count);
    const lists = await Promise.all(lanes.map((lane) => this.#laneHeads(lane, wanted, behind(lane))));
    const heads = lists.length === 1
      ? lists[0] ?? []
      : lists.flat().sort((one, other) => one.place - other.place);
    const from = Math.max(0, Math.min(aside, heads.length - count));
    return heads.slice(from, from + count);
  }

  async #laneHeads(
    { owner, kind, entry: lane }: Lane,
    count: number,
    behind: Deno.KvKey | undefined,
  ): Promise<Head[]> {
    const { kv } = this.#store;
    const prefix = keys.ready(owner, kind);
    const selector = behind === undefined ? { prefix } : { prefix, start: [...behind, ""] };
    const entries = await entriesOf(kv.list<unknown>(selector, { limit: count, batchSize: count }));
    // Whoever queues a task sets its lane anew, so a lane that was filled since it was read keeps its key.
    if (entries.length === 0 && behind === undefined) await kv.atomic().check(lane).delete(lane.key).commit();
    return entries.map((entry) => {
      const [place, id] = entry.key.slice(-2);
      return { owner, kind, id: String(id), place: Number(place), entry };
    });
  }

  /** The tasks at these places, as far as they wait still. */
  async load(heads: readonly Head[]): Promise<TaskEntry[]> {
    const carried = heads.map(({ entry }) => this.#store.carried(entry));
    const others = heads.filter((_, index) => carried[index] === undefined);
    const waiting = carried.filter((task) => task !== undefined);
    for (const [index, task] of (await this.#store.getMany(others)).entries()) {
      if (task?.task.state.status === "queued") waiting.push(task);
      else if (task === undefined) await this.#forget(others[index]);
    }
    return waiting;
  }

  /** Forgets a place whose task is gone: it would be found for ever. One that carries its task goes with the claim. */
  async #forget(head: Head | undefined): Promise<void> {
    if (head === undefined) return;
    logger.warn("Task {id} of {owner} was queued and is gone", { id: head.id, owner: head.owner });
    await this.#store.kv.atomic().check(head.entry).delete(head.entry.key).commit();
  }
}

/** Sorts after every string in the order of keys. */
const AFTER_STRINGS = -Infinity;

/** One of each in turn until there are `count`. */
function inTurn(queues: readonly (readonly Head[])[], count: number): Head[] {
  const chosen: Head[] = [];
  for (let round = 0; chosen.length < count; round++) {
    const heads = queues.flatMap((queue) => queue[round] ?? []);
    if (heads.length === 0) break;
    chosen.push(...heads.slice(0, count - chosen.length));
  }
  return chosen;
}
