import { type Clock, systemClock } from "@flotilla/runtime";
import type { DoneBefore } from "./draft.ts";
import type { Change, Latest } from "./keyspace.ts";
import type { RecordDatabase } from "./record_database.ts";
import { type IdRange, inRange } from "./record_id.ts";

/** Most milliseconds between the end of a fence and the begin of the next one that is wanted. */
const MAX_REST = 5;
/**
 * When so many readers wait, the rest is over. With two services and 64 clients, 24 save a fifth of the fences and lose as much to
 * processors that wait with the readers; without any rest there are half as many fences again (measured). A timer alone cannot end
 * a rest of less than a millisecond: it would be two.
 */
const ENOUGH_READERS = 12;

/** A moment in the life of a database: after which change of the log. */
export type Position = Latest;

/** A position, and when it was last seen to be the end of the log. It is one object for as long as the log does not go on. */
export interface Moment {
  readonly position: Position;
  /** At the earliest; milliseconds since the epoch. */
  readonly at: number;
}

/** How {@linkcode ChangeTail} follows. */
export interface ChangeTailOptions {
  /** @default `systemClock` */
  clock?: Clock;
  /** How many changes are remembered; what was cached before them is not used any more. @default 50_000 */
  capacity?: number;
  /** How many changes from before its start it reads, for requests that come again and what is in the cache. @default 1_000 */
  history?: number;
  /** How many changes are looked through to tell whether a page still stands. @default 2_000 */
  scanLimit?: number;
}

/**
 * What a service knows of the end of the change log. It answers the one question of every cache: has this changed since?
 *
 * A reader first asks for a {@linkcode fence}: the end of the log, read from the database after the reader came. All
 * changes up to it are then known, so whatever has not changed since it was cached is what the database would answer.
 * Readers that come while a fence is being read share the next one, so a busy service makes one small read for many. A
 * fence costs more than all else a cached read needs, so after each the service rests as long as it took, up to 5 ms, or until a
 * dozen wait, and lets more readers come: a machine that is idle is fast and rests little, a busy one rests longer and saves more.
 */
export class ChangeTail {
  readonly #database: RecordDatabase;
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #history: number;
  readonly #scanLimit: number;
  #moment: { position: Position; at: number } = { position: { seq: 0, epoch: "" }, at: 0 };
  /** The changes with numbers above `#floor`, in order. */
  #changes: Change[] = [];
  #floor = 0;
  #lastChange = new Map<string, number>();
  #requests = new Map<string, DoneBefore>();
  /** Until when it rests, by `performance.now()`: what is spared is the machine's work, whatever clock a test moves. */
  #restsUntil = 0;
  #running: Promise<Position> | undefined;
  #next: Promise<Position> | undefined;
  /** Readers of the next fence. */
  #waiting = 0;
  #endRest: (() => void) | undefined;

  constructor(database: RecordDatabase, options: ChangeTailOptions = {}) {
    const { clock = systemClock, capacity = 50_000, history = 1_000, scanLimit = 2_000 } = options;
    this.#database = database;
    this.#clock = clock;
    this.#capacity = capacity;
    this.#history = history;
    this.#scanLimit = scanLimit;
  }

  /** How far the log is known. */
  get position(): Position {
    return this.#moment.position;
  }

  /** How far the log is known, and when that was last seen to be all of it. */
  get moment(): Moment {
    return this.#moment;
  }

  /** The end of the log at a moment after the call. */
  fence(): Promise<Position> {
    if (this.#next === undefined) {
      this.#waiting = 0;
      this.#next = this.#advanceSoon();
    }
    if (++this.#waiting >= ENOUGH_READERS) this.#endRest?.();
    return this.#next;
  }

  /** Whether the record is still what it was at that position, as far as the log is known. */
  unchangedSince(id: string, asOf: Position): boolean {
    return this.#covers(asOf) && (this.#lastChange.get(id) ?? 0) <= asOf.seq;
  }

  /** Whether no record of the range, up to `last` when that is given, has changed since. */
  rangeUnchangedSince(range: IdRange, last: string | undefined, asOf: Position): boolean {
    if (!this.#covers(asOf)) return false;
    const start = Math.max(0, asOf.seq - this.#floor);
    if (this.#changes.length - start > this.#scanLimit) return false;
    for (let index = start; index < this.#changes.length; index++) {
      const change = this.#changes[index];
      if (change !== undefined && inRange(change.id, range, last)) return false;
    }
    return true;
  }

  /** The known changes after that one, or `undefined` when some of them are no longer remembered. */
  since(seq: number): readonly Change[] | undefined {
    return seq < this.#floor ? undefined : this.#changes.slice(seq - this.#floor);
  }

  #covers(asOf: Position): boolean {
    return asOf.epoch === this.position.epoch && asOf.seq >= this.#floor && asOf.seq <= this.position.seq;
  }

  /** What this request did when it came before, as far as the log is remembered. */
  doneBy(request: string): DoneBefore | undefined {
    return this.#requests.get(request);
  }

  /** Makes sure that the log is known up to there. */
  async reach(position: Position): Promise<void> {
    const { epoch, seq } = this.position;
    if (epoch !== position.epoch || seq < position.seq) await this.fence();
  }

  /** Takes up what the log holds by now, without asking where it ends: one read instead of two. */
  async readAhead(): Promise<void> {
    const { seq: start, epoch } = this.position;
    if (epoch === "") return;
    const { changes, last } = await this.#read(start, start + this.#capacity);
    if (this.position.epoch === epoch && changes.length === last - start) this.#follow(start, changes);
  }

  /** Takes up changes that were just committed behind that position, when that is how far the log is known. */
  extend(after: Position, changes: readonly Change[]): void {
    if (after.epoch === this.position.epoch && after.seq === this.position.seq) this.#append(changes);
  }

  /**
   * Begins when the fence under way is done and the rest is over. Whoever comes until then shares it; where there is nothing to wait
   * for, those who came in the same piece of a connection.
   */
  async #advanceSoon(): Promise<Position> {
    await this.#running?.catch(() => {});
    const rest = this.#restsUntil - performance.now();
    if (rest > 0 && this.#waiting < ENOUGH_READERS) await this.#rest(rest);
    this.#next = undefined;
    return await this.#advance();
  }

  async #rest(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    using _timer = systemClock.setTimeout(resolve, milliseconds);
    this.#endRest = resolve;
    await promise;
    this.#endRest = undefined;
  }

  async #advance(): Promise<Position> {
    const begun = performance.now();
    this.#running = this.#readOn();
    try {
      return await this.#running;
    } finally {
      const ended = performance.now();
      this.#restsUntil = ended + Math.min(ended - begun, MAX_REST);
      this.#running = undefined;
    }
  }

  async #readOn(): Promise<Position> {
    const begun = this.#clock.now();
    const before = this.position;
    const latest = await this.#database.latest();
    const { seq, epoch } = latest;
    const known = this.position;
    if (epoch !== known.epoch || seq - known.seq > this.#capacity) await this.#begin({ seq, epoch });
    else if (seq > known.seq) await this.#catchUp({ seq, epoch });
    else if (seq < known.seq && known === before) {
      await this.#database.renew(latest, known.seq);
      return await this.#readOn();
    }
    this.#moment.at = begun;
    return this.position;
  }

  async #catchUp(end: Position): Promise<void> {
    const { seq: start } = this.position;
    const { changes } = await this.#read(start, end.seq);
    if (changes.length !== end.seq - start) await this.#begin(end);
    else this.#follow(start, changes);
  }

  /** Takes up changes that were read from there on; the writer of this service may have gone further meanwhile. */
  #follow(start: number, changes: readonly Change[]): void {
    this.#append(changes.slice(this.position.seq - start));
  }

  /** Begins anew at that position, with a little of what came before it. */
  async #begin({ seq, epoch }: Position): Promise<void> {
    const found = await this.#read(Math.max(0, seq - this.#history), seq);
    const changes = found.last === seq ? found.changes : [];
    const start = seq - changes.length;
    this.#moveTo({ seq: start, epoch });
    this.#floor = start;
    this.#changes = [];
    this.#lastChange = new Map();
    this.#requests = new Map();
    this.#append(changes);
  }

  /** The last changes up to `end` that follow each other without a gap, and the number of the last one. */
  async #read(start: number, end: number): Promise<{ changes: Change[]; last: number }> {
    let changes: Change[] = [];
    let last = start;
    for await (const { seq, change } of this.#database.changes(start, end)) {
      if (seq !== last + 1) changes = [];
      changes.push(change);
      last = seq;
    }
    return { changes, last };
  }

  #append(changes: readonly Change[]): void {
    const { seq, epoch } = this.position;
    for (const [index, change] of changes.entries()) {
      this.#changes.push(change);
      const number = seq + index + 1;
      const { id, request, created = false } = change;
      this.#lastChange.set(id, number);
      if (request !== undefined) this.#requests.set(request, { seq: number, created });
    }
    if (changes.length > 0) this.#moveTo({ seq: seq + changes.length, epoch });
    if (this.#changes.length > 1.25 * this.#capacity) this.#forget(this.#changes.length - this.#capacity);
  }

  #moveTo(position: Position): void {
    this.#moment = { position, at: this.#moment.at };
  }

  #forget(count: number): void {
    for (const [index, { id, request }] of this.#changes.splice(0, count).entries()) {
      if (this.#lastChange.get(id) === this.#floor + index + 1) this.#lastChange.delete(id);
      if (request !== undefined) this.#requests.delete(request);
    }
    this.#floor += count;
  }
}
