/** A place on a {@linkcode Roster}, by which it is given up. */
export interface Seat<T> {
  readonly taken: T;
  /** The roster's own. */
  index: number;
}

/**
 * A set of what comes and goes all the time. Unlike a `Set` it leaves nothing behind: V8 makes the table of a `Set` anew as entries
 * come and go, and each table leads to the next one; so an old one, which is garbage and not collected yet, keeps all that came
 * after it.
 *
 * @example
 * ```ts
 * import { Roster } from "./roster.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const roster = new Roster<string>();
 * const one = roster.add("one");
 * roster.add("two");
 * roster.delete(one);
 * assertEquals(roster.all(), ["two"]);
 * ```
 */
export class Roster<T> {
  readonly #seats: Seat<T>[] = [];

  get size(): number {
    return this.#seats.length;
  }

  add(taken: T): Seat<T> {
    const seat = { taken, index: this.#seats.length };
    this.#seats.push(seat);
    return seat;
  }

  /** Gives a seat up; does nothing when it was given up before. */
  delete(seat: Seat<T>): void {
    if (this.#seats[seat.index] !== seat) return;
    const last = this.#seats.pop();
    if (last === undefined || last === seat) return;
    this.#seats[seat.index] = last;
    last.index = seat.index;
  }

  /** Calls back for each, in no order. Meanwhile any may leave, and one may be visited twice then; who joins may be left out. */
  forEach(visit: (taken: T) => void): void {
    for (let index = this.#seats.length - 1; index >= 0; index--) {
      const seat = this.#seats[index];
      if (seat !== undefined) visit(seat.taken);
    }
  }

  /** The seats that are taken now, in no order. */
  seats(): Seat<T>[] {
    return this.#seats.slice();
  }

  /** Who has them. */
  all(): T[] {
    return this.#seats.map(({ taken }) => taken);
  }
}
