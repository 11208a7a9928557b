import type { Change, Latest } from "./keyspace.ts";
import type { RecordDatabase } from "./record_database.ts";
import { type IdRange, inRange } from "./record_id.ts";

/** A moment in the life of a database: after which change of the log. */
export type Position = Latest;

/** How {@linkcode ChangeTail} follows. */
export interface ChangeTailOptions {
  /** How many changes are remembered; what was cached before them is not used any more. @default 100_000 */
  capacity?: number;
  /** How many changes are looked through to tell whether a page still stands. @default 2_000 */
  scanLimit?: number;
}

/**
 * What a service knows of the end of the change log. It answers the one question of every cache: has this changed since?
 *
 * A reader first asks for a {@linkcode fence}: the end of the log, read from the database after the reader came. All
 * changes up to it are then known, so whatever has not changed since it was cached is what the database would answer.
 * Readers that come while a fence is being read share the next one, so a busy service makes one small read for many.
 */
export class ChangeTail {
  readonly #database: RecordDatabase;
  readonly #capacity: number;
  readonly #scanLimit: number;
  #position: Position = { seq: 0, epoch: "" };
  /** The changes with numbers above `#floor`, in order. */
  #changes: Change[] = [];
  #floor = 0;
  #lastChange = new Map<string, number>();
  #running: Promise<Position> | undefined;
  #next: Promise<Position> | undefined;

  constructor(database: RecordDatabase, options: ChangeTailOptions = {}) {
    const { capacity = 100_000, scanLimit = 2_000 } = options;
    this.#database = database;
    this.#capacity = capacity;
    this.#scanLimit = scanLimit;
  }

  /** How far the log is known. */
  get position(): Position {
    return this.#position;
  }

  /** The end of the log at a moment after the call. */
  fence(): Promise<Position> {
    if (this.#running === undefined) return this.#advance();
    this.#next ??= this.#running.catch(() => {}).then(() => {
      this.#next = undefined;
      return this.#advance();
    });
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
    return asOf.epoch === this.#position.epoch && asOf.seq >= this.#floor && asOf.seq <= this.#position.seq;
  }

  async #advance(): Promise<Position> {
    this.#running = this.#readOn();
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  async #readOn(): Promise<Position> {
    const latest = await this.#database.latest();
    const { seq, epoch } = latest;
    const { seq: known, epoch: knownEpoch } = this.#position;
    if (epoch !== knownEpoch || seq - known > this.#capacity) this.#reset({ seq, epoch });
    else if (seq > known) await this.#append({ seq, epoch });
    else if (seq < known) {
      await this.#database.renew(latest, known);
      return await this.#readOn();
    }
    return this.#position;
  }

  async #append(position: Position): Promise<void> {
    const changes: Change[] = [];
    for await (const { seq, change } of this.#database.changes(this.#position.seq, position.seq)) {
      if (seq === this.#position.seq + changes.length + 1) changes.push(change);
    }
    if (changes.length !== position.seq - this.#position.seq) return this.#reset(position);
    for (const [index, change] of changes.entries()) {
      this.#changes.push(change);
      this.#lastChange.set(change.id, this.#position.seq + index + 1);
    }
    this.#position = position;
    if (this.#changes.length > 1.25 * this.#capacity) this.#forget(this.#changes.length - this.#capacity);
  }

  #forget(count: number): void {
    for (const [index, { id }] of this.#changes.splice(0, count).entries()) {
      if (this.#lastChange.get(id) === this.#floor + index + 1) this.#lastChange.delete(id);
    }
    this.#floor += count;
  }

  #reset(position: Position): void {
    this.#position = position;
    this.#floor = position.seq;
    this.#changes = [];
    this.#lastChange = new Map();
  }
}
