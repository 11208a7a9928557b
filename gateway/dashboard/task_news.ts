import type { SystemView } from "./system_view.ts";
import { totalsOf } from "./totals.ts";

/** Milliseconds after which lists are read although nothing says that they changed: what has ended is deleted some day. */
const UNREAD = 30_000;

/**
 * Says at which looks lists of tasks are worth reading: each reading costs the workers three requests, and at most looks
 * nothing has moved.
 */
export class TaskNews {
  #known = "";
  #readAt = -Infinity;

  /**
   * Whether the lists may differ from what they were at the look at which this was last true.
   *
   * @param moves how many tasks were moved from here
   */
  at(view: SystemView, moves: number): boolean {
    const { tasks } = totalsOf(view);
    const known = JSON.stringify([moves, ...tasks]);
    // What runs makes progress, which no count tells; without counts nobody knows.
    const moving = tasks.size === 0 || (tasks.get("running") ?? 0) > 0;
    if (!moving && known === this.#known && view.at - this.#readAt < UNREAD) return false;
    this.#known = known;
    this.#readAt = view.at;
    return true;
  }

  /** The lists could not be read: the next look is as good as the first. */
  forget(): void {
    this.#readAt = -Infinity;
  }
}
