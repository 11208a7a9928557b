import { getLogger } from "@logtape/logtape";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setQuota } from "./database_file.ts";
import type { AppliedWrite } from "./redo_frame.ts";
import type { RedoLog } from "./redo_log.ts";
import { endProcess, StorageFailure } from "./storage_failure.ts";

/** What is counted along with the entries. */
export interface Totals {
  rows: number;
  /** Of keys and values. */
  bytes: number;
  /** No version above this one was used before the last commit, whatever happened since. */
  ceiling: number;
}

/** What {@linkcode Transactions} works with. */
export interface TransactionsOptions {
  database: DatabaseSync;
  /** @default none: SQLite commits each transaction, and it is as durable as SQLite makes it */
  redo: RedoLog | undefined;
  /** Octets of the log after which SQLite commits. */
  commitEvery: number;
  /** Bytes that the file may grow to. @default none */
  quota?: number | undefined;
  /** Of the last write that the database has. */
  version: number;
  /** Go back with the entries when a transaction fails. */
  totals: Totals;
  /** Applies a write again that a roll-back took back with another one. */
  repeat(write: AppliedWrite): void;
}

/**
 * Transactions on a database that is written less often than they happen. With a redo log, a transaction is done when its
 * writes are in the log, and SQLite goes on with one of its own, which it commits now and then. So what fails in SQLite takes
 * back more than the one that has failed: what was done before is done again then, from the log. Deletions of what has expired or is
 * evicted have no version and are not logged: they are done again when they are due.
 */
export class Transactions {
  readonly #database: DatabaseSync;
  readonly #redo: RedoLog | undefined;
  readonly #options: TransactionsOptions;
  readonly #commit: StatementSync;
  readonly #noteVersion: StatementSync;
  readonly #checkpointAll: StatementSync;
  readonly #logger = getLogger(["flotilla", "store"]);
  /** Writes of the transaction under way. */
  #writes: AppliedWrite[] = [];
  /** The last write that was done. */
  #last: number;
  /** The totals at that commit. */
  #committed: Totals;
  /** The last write of that commit. */
  #version: number;
  /** Octets of the log at that commit; -Infinity when the next one is due. */
  #logged: number;

  constructor(options: TransactionsOptions) {
    const { database, redo, totals, version } = options;
    [this.#options, this.#database, this.#redo] = [options, database, redo];
    this.#commit = database.prepare("commit");
    this.#noteVersion = database.prepare("insert or replace into meta (name, value) values ('version', ?)");
    this.#checkpointAll = database.prepare("pragma wal_checkpoint(full)");
    this.#version = this.#last = version;
    this.#committed = { ...totals };
    this.#logged = redo?.size ?? 0;
  }

  /**
   * Does again what a process before this one has logged and SQLite has not committed. Where there was no log, brings the database to
   * the disk as it is: the log begins there.
   *
   * @throws {Error} when that cannot be done; then both are closed, and as they were
   */
  recover(): void {
    try {
      if (this.#redo !== undefined) this.#recover(this.#redo);
    } catch (error) {
      this.#redo?.[Symbol.dispose]();
      this.#database.close();
      throw error;
    }
  }

  #recover(redo: RedoLog): void {
    if (redo.isNew) return this.#checkpoint(redo);
    if (redo.version <= this.#version) return;
    this.#last = redo.version;
    this.#repeat();
  }

  /** Notes a write of the transaction under way. */
  add(write: AppliedWrite): void {
    this.#writes.push(write);
  }

  /**
   * Runs `work` in a transaction and returns when it is done; {@linkcode Transactions.flush} may have to follow.
   *
   * @throws {StorageFailure} when it could not be done: then nothing has changed
   */
  run<T>(work: () => T): T {
    this.#writes = [];
    try {
      this.#begin();
      const result = work();
      this.#end();
      return result;
    } catch (error) {
      this.#undo();
      throw new StorageFailure(error);
    }
  }

  /** Resolves when all that was done is on the disk; `undefined` when it is as durable as it gets already. May throw. */
  flush(): Promise<void> | undefined {
    return this.#redo?.flush();
  }

  /** Brings everything to SQLite's file, after which no log is needed, and closes both. */
  close(): void {
    const redo = this.#redo;
    try {
      if (redo === undefined) return;
      this.#checkpoint(redo);
      redo.remove();
    } catch (error) {
      // The next process finds the log and does again what is in it.
      const failure = new StorageFailure(error);
      this.#logger.warn("The redo log stays beside the database: {failure}", { failure });
    } finally {
      redo?.[Symbol.dispose]();
      this.#database.close();
    }
  }

  #begin(): void {
    const redo = this.#redo;
    if (redo?.isFull === true) this.#checkpoint(redo);
    else if (redo !== undefined && redo.size - this.#logged > this.#options.commitEvery) this.#settle(redo);
    if (!this.#database.isTransaction) this.#database.exec("begin immediate");
  }

  #end(): void {
    if (this.#redo === undefined) {
      this.#commit.run();
      this.#committed = { ...this.#options.totals };
      return;
    }
    this.#redo.add(this.#writes);
    this.#last = this.#writes.at(-1)?.version ?? this.#last;
  }

  /** Takes back what was done of the transaction under way, and all that SQLite takes back with it is done again. */
  #undo(): void {
    try {
      // SQLite has rolled back by itself after some failures, such as a full disk.
      if (this.#database.isTransaction) this.#database.exec("rollback");
      Object.assign(this.#options.totals, this.#committed);
      this.#repeat();
    } catch (error) {
      // What is not whole must not be committed by whoever comes before the process ends.
      if (this.#database.isOpen) this.#database.close();
      endProcess(new StorageFailure(error));
    }
  }

  /** The quota was kept the first time, when there were deletions in between, which are not logged. */
  #repeat(): void {
    if (this.#redo === undefined || this.#last === this.#version) return;
    const { quota, repeat } = this.#options;
    setQuota(this.#database);
    this.#database.exec("begin immediate");
    for (const write of this.#redo.after(this.#version)) repeat(write);
    setQuota(this.#database, quota);
    // It is committed next, so that it need not be done once more for each of those that fail one after another.
    this.#logged = -Infinity;
  }

  /** Has SQLite commit what was done. */
  #settle(redo: RedoLog): void {
    if (this.#last !== this.#version) {
      redo.write();
      this.#noteVersion.run(this.#last);
    }
    if (this.#database.isTransaction) this.#commit.run();
    this.#version = this.#last;
    this.#committed = { ...this.#options.totals };
    this.#logged = redo.size;
  }

  /** Brings the database to the disk as a whole, and begins the log anew. */
  #checkpoint(redo: RedoLog): void {
    this.#settle(redo);
    const [busy, pages, moved] = Object.values(this.#checkpointAll.get() ?? {});
    if (busy !== 0 || pages !== moved) {
      throw new Error(`SQLite has written ${moved} of ${pages} pages of its log`);
    }
    redo.restart(this.#version);
    this.#logged = redo.size;
  }
}
