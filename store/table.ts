import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { ReadRange } from "@flotilla/runtime/kv_connect";
import type { NamedKey } from "./atomic_write.ts";
import { databaseId, type DatabaseOptions, openDatabase, openFailure, openRedoLog } from "./database_file.ts";
import type { Entry } from "./datapath.ts";
import { keyId } from "./key_id.ts";
import type { Effect } from "./plan.ts";
import type { AppliedWrite } from "./redo_frame.ts";
import { prepareStatements } from "./statements.ts";
import { type Totals, Transactions } from "./transactions.ts";

/** How many entries a table holds and how large they are. */
export interface TableSize {
  readonly rows: number;
  /** Of keys and values. */
  readonly bytes: number;
}

/** A row as eviction looks at it. */
export interface Candidate {
  readonly id: number;
  readonly key: Uint8Array;
}

/** What a row says besides its value. */
interface Stamp {
  readonly version: number;
  /** Bytes of the value. */
  readonly size: number;
  readonly expires: number;
}

/** How many versions are reserved at once, so that a commit need not write which one it used. */
const VERSIONS_RESERVED = 1_000_000;

/** Octets of the redo log after which SQLite commits. */
const COMMIT_EVERY = 1_024 * 1_024;

/** The entries in SQLite, and the versions of commits. Every call is synchronous and short. */
export class Table implements Disposable {
  /** The database's UUID. */
  readonly id: string;
  readonly #database: DatabaseSync;
  readonly #transactions: Transactions;
  readonly #statements: ReturnType<typeof prepareStatements>;
  /** By key, what checks of the transaction under way have looked at: most keys that are checked are then written. */
  #stamps = new Map<string, Stamp | undefined>();
  readonly #totals: Totals;
  /** The version used last. */
  #version: number;

  /**
   * @param now milliseconds since the epoch
   * @throws {DatabaseOpenError} when the file cannot be opened
   */
  constructor(options: DatabaseOptions, now: number) {
    const database = openDatabase(options);
    this.#database = database;
    this.#statements = prepareStatements(database);
    this.id = databaseId(database);
    const size = database.prepare(
      "select count(*) as rows, coalesce(sum(length(key) + length(value)), 0) as bytes from entries",
    ).get();
    const ceiling = this.#noted("ceiling");
    this.#totals = { rows: integer(size?.["rows"]), bytes: integer(size?.["bytes"]), ceiling };
    const version = this.#noted("version");
    const redo = openRedoLog(database, options, { id: this.id, version });
    const repeat = (write: AppliedWrite) => {
      // What the transaction that failed has looked at was taken back with it.
      this.#stamps.clear();
      this.#change(write);
    };
    this.#transactions = new Transactions({
      database,
      redo,
      commitEvery: options.redo?.commitEvery ?? COMMIT_EVERY,
      quota: options.quota,
      version,
      totals: this.#totals,
      repeat,
    });
    try {
      this.#transactions.recover();
    } catch (error) {
      throw openFailure(options.path, error);
    }
    // Microseconds of the clock as the least version: a file restored from a backup, or memory that was lost, then
    // does not give out versionstamps a second time that some client still holds.
    this.#version = Math.max(ceiling, version, redo?.version ?? 0, now * 1_000);
  }

  get size(): TableSize {
    const { rows, bytes } = this.#totals;
    return { rows, bytes };
  }

  /** The version that the next applied write gets. */
  get nextVersion(): number {
    return this.#version + 1;
  }

  /** What is stored under the key and has not expired. */
  entry(key: Uint8Array, now: number): Entry | undefined {
    const row = this.#statements.get.get(key, now);
    return row === undefined ? undefined : entryOf(columnsOf(row), key);
  }

  /** The version that wrote the key, if it is there and has not expired. Called inside a transaction. */
  version({ key, id }: NamedKey, now: number): number | undefined {
    const stamp = this.#stampOf(key);
    this.#stamps.set(id, stamp);
    return stamp === undefined || stamp.expires <= now ? undefined : stamp.version;
  }

  /** The entries of a range that have not expired, in its order. */
  list(range: ReadRange, now: number): Entry[] {
    const { start, end, limit, reverse } = range;
    if (isPoint(start, end)) {
      const entry = this.entry(start, now);
      return entry === undefined ? [] : [entry];
    }
    const statement = reverse ? this.#statements.listReverse : this.#statements.list;
    return statement.all(start, end, now, limit).map((row) => {
      const columns = columnsOf(row);
      return entryOf(columns, blob(columns[4]));
    });
  }

  /** Resolves when all that was done is on the disk; `undefined` when it is as durable as it gets already. May throw. */
  flush(): Promise<void> | undefined {
    return this.#transactions.flush();
  }

  /**
   * Runs `work` in a transaction and returns when it is done; {@linkcode Table.flush} may have to follow.
   *
   * @throws {StorageFailure} when it could not be done: then nothing has changed
   */
  transaction<T>(work: () => T): T {
    this.#stamps = new Map();
    return this.#transactions.run(() => {
      const result = work();
      if (this.#version > this.#totals.ceiling) this.#reserveVersions();
      return result;
    });
  }

  /** Applies the effects of one write under a version of its own, inside a transaction. */
  apply(effects: readonly Effect[]): number {
    const write = { version: ++this.#version, effects };
    this.#change(write);
    this.#transactions.add(write);
    return write.version;
  }

  /** Deletes up to `limit` entries that have expired, inside a transaction, and says how many. */
  removeExpired(now: number, limit: number): number {
    const rows = this.#statements.removeExpired.all(now, limit);
    this.#totals.rows -= rows.length;
    for (const row of rows) this.#totals.bytes -= integer(row["size"]);
    return rows.length;
  }

  /** When the next entry expires, or has expired without having been deleted. */
  nextExpiry(): number | undefined {
    const row = this.#statements.nextExpiry.get();
    return row === undefined ? undefined : integer(row["expires"]);
  }

  /** Up to `limit` rows in the order they were made in, after the row `after` and not beyond the row `last`. */
  candidates(range: { after: number; last: number; limit: number }): Candidate[] {
    return this.#statements.candidates.all(range.after, range.last, range.limit)
      .map((row) => ({ id: integer(row["rowid"]), key: blob(row["key"]) }));
  }

  /** The row that was made last, or 0. */
  newestRow(): number {
    return integer(this.#statements.newest.get()?.["newest"]);
  }

  /** Deletes an entry, inside a transaction. */
  evict({ key }: Candidate): void {
    this.#remove({ key, id: keyId(key) });
  }

  /** Closes the file, and with it lets the next process in. Nothing can be called after that. */
  [Symbol.dispose](): void {
    if (!this.#database.isOpen) return;
    this.#transactions.close();
  }

  #change({ version, effects }: AppliedWrite): void {
    for (const effect of effects) {
      if (effect.type === "put") this.#put(effect, version);
      else this.#remove(effect);
    }
  }

  #put(effect: Effect & { type: "put" }, version: number): void {
    const { key, value, encoding, expires } = effect;
    const row = [key, value, encoding, version, expires] as const;
    // A key that was not checked is a new one, nearly always.
    if (this.#stamps.get(effect.id) === undefined && this.#statements.insert.run(...row).changes > 0) {
      this.#totals.rows++;
      this.#totals.bytes += key.length + value.length;
      this.#stamps.delete(effect.id);
      return;
    }
    const old = this.#takeSize(effect) ?? 0;
    this.#statements.update.run(...row);
    this.#totals.bytes += key.length + value.length - old;
  }

  #remove(key: NamedKey): void {
    const old = this.#takeSize(key);
    if (old === undefined) return;
    this.#statements.remove.run(key.key);
    this.#totals.rows--;
    this.#totals.bytes -= old;
  }

  /** Bytes of key and value that are stored under a key, whose row is about to change. */
  #takeSize({ key, id }: NamedKey): number | undefined {
    const stamp = this.#stamps.has(id) ? this.#stamps.get(id) : this.#stampOf(key);
    this.#stamps.delete(id);
    return stamp === undefined ? undefined : key.length + stamp.size;
  }

  #stampOf(key: Uint8Array): Stamp | undefined {
    const row = this.#statements.stamp.get(key);
    if (row === undefined) return undefined;
    const [version, size, expires] = columnsOf(row);
    return {
      version: integer(version),
      size: integer(size),
      expires: expires === null ? Infinity : integer(expires),
    };
  }

  #noted(name: "ceiling" | "version"): number {
    const row = this.#database.prepare("select value from meta where name = ?").get(name);
    return row === undefined ? 0 : integer(row["value"]);
  }

  #reserveVersions(): void {
    this.#totals.ceiling = this.#version + VERSIONS_RESERVED;
    this.#database.prepare("insert or replace into meta (name, value) values ('ceiling', ?)").run(
      this.#totals.ceiling,
    );
  }
}

/** Whether a range holds one key at most, as every `get` of a client asks for: its end is its start and a zero byte. */
export function isPoint(start: Uint8Array, end: Uint8Array): boolean {
  if (end.length !== start.length + 1 || end[start.length] !== 0) return false;
  for (let index = 0; index < start.length; index++) {
    if (start[index] !== end[index]) return false;
  }
  return true;
}

type Columns = readonly (SQLOutputValue | undefined)[];

/** The columns of a row that was asked for as an array. */
function columnsOf(row: unknown): Columns {
  if (!Array.isArray(row)) throw new TypeError(`Cannot read a row: expected an array, got ${typeof row}`);
  return row;
}

function entryOf([value, encoding, version, expires]: Columns, key: Uint8Array): Entry {
  return {
    key,
    value: blob(value),
    encoding: integer(encoding),
    version: integer(version),
    expires: expires === null ? null : integer(expires),
  };
}

function integer(value: SQLOutputValue | undefined): number {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot read a row: expected an integer, got ${typeof value}`);
  }
  return value;
}

function blob(value: SQLOutputValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`Cannot read a row: expected bytes, got ${typeof value}`);
  }
  return value;
}
