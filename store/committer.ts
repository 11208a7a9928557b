import { setImmediate } from "node:timers";
import { getLogger } from "@logtape/logtape";
import type { Clock } from "@flotilla/runtime";
import type { ReadRange } from "@flotilla/runtime/kv_connect";
import type { AtomicWrite } from "./atomic_write.ts";
import type { Evictor } from "./evictor.ts";
import { keyId } from "./key_id.ts";
import { planWrite, type Snapshot } from "./plan.ts";
import { Refusal } from "./refusal.ts";
import { endProcess, StorageFailure } from "./storage_failure.ts";
import type { StoreMetrics } from "./store_metrics.ts";
import type { Table } from "./table.ts";
import { Unflushed } from "./unflushed.ts";

/** How a write ended that was judged: committed under a version, or the indices of the checks that failed. */
export type WriteOutcome =
  | { readonly type: "committed"; readonly version: number }
  | { readonly type: "conflict"; readonly failed: readonly number[] };

/** What a {@linkcode Committer} works with. */
export interface CommitterOptions {
  table: Table;
  clock: Clock;
  metrics: StoreMetrics;
  /** Keeps the table within its bound. @default none: the table grows */
  evictor?: Evictor | undefined;
  /** Told of every key that a commit changed, by its {@linkcode keyId}, once the commit is done. */
  onChange(id: string): void;
}

/** A write that could not be committed. */
export interface CommitFailure {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly failure: StorageFailure;
}

interface Pending {
  readonly write: AtomicWrite;
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (refusal: Refusal) => void;
}

type Verdict = WriteOutcome | { readonly type: "refused"; readonly refusal: Refusal };

interface Batch {
  readonly verdicts: Verdict[];
  /** Keys by their {@linkcode keyId}. */
  readonly changed: string[];
}

/** Mutations in one transaction, about: it holds the event loop for a few milliseconds at most. */
const MUTATIONS_PER_COMMIT = 1_000;

/** One transaction that is committed, and its writes. */
interface Commit extends Batch {
  readonly group: readonly Pending[];
  /** When it was begun, of `performance.now()`. */
  readonly started: number;
}

/** Transactions that one flush brings to the disk. */
interface Flush {
  readonly commits: Commit[];
  readonly keys: Unflushed;
}

/**
 * Commits writes in groups: those that have arrived share a transaction. While one flush goes on, further transactions are
 * committed, and the next flush is for all of them: neither the processor nor the disk waits for the other. Each write is
 * judged by itself, in the order of arrival, and sees what those before it have done; nothing is told of a write, nor of what
 * follows from it, before it is on the disk.
 */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #logger = getLogger(["flotilla", "store"]);
  #queue: Pending[] = [];
  #scheduled = false;
  #failure: CommitFailure | undefined;
  /** What is on its way to the disk. */
  #flushing: Flush | undefined;
  /** Settles when it is there, or known not to be; never rejects. */
  #flushed: Promise<void> = Promise.resolve();
  /** What goes with the next flush. */
  #written = newFlush();
  /** Reads that wait for what they would see to be on the disk: nothing is committed before they have been served. */
  #readers = 0;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Why and when the last write could not be committed; `undefined` once one could again. */
  get failure(): CommitFailure | undefined {
    return this.#failure;
  }

  /** Whether a change of the key is committed and not on the disk yet: nobody may read it. */
  isUnflushed(id: string): boolean {
    return this.#written.keys.has(id) || (this.#flushing?.keys.has(id) ?? false);
  }

  /**
   * What a read of these ranges has to wait for, since it would see what is not on the disk yet; `undefined` when there is
   * nothing. No write comes before who waits has read.
   */
  readable(ranges: readonly ReadRange[]): Promise<void> | undefined {
    return this.#isWithin(ranges) ? this.#becomeReadable(ranges) : undefined;
  }

  /**
   * Resolves when the write is judged and, if it was applied, durable.
   *
   * Rejects with a {@linkcode Refusal}: 4xx when the write does not fit what is stored, 507 when there is no room for
   * it, 503 when the database cannot commit. Nothing of it has happened then.
   */
  submit(write: AtomicWrite): Promise<WriteOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<WriteOutcome>();
    this.#queue.push({ write, resolve, reject });
    this.#schedule();
    return promise;
  }

  /** Resolves when everything that was submitted is on the disk. */
  async drained(): Promise<void> {
    while (this.#flushing !== undefined || this.#queue.length > 0) {
      this.#commit(this.#nextGroup());
      await this.#flushed;
    }
  }

  async #becomeReadable(ranges: readonly ReadRange[]): Promise<void> {
    this.#readers++;
    while (this.#isWithin(ranges)) await this.#flushed;
    this.#readers--;
    this.#schedule();
  }

  #isWithin(ranges: readonly ReadRange[]): boolean {
    const { keys } = this.#written;
    return this.#flushing !== undefined &&
      ranges.some((range) => keys.within(range) || this.#flushing?.keys.within(range));
  }

  #schedule(): void {
    if (this.#scheduled || this.#readers > 0 || this.#queue.length === 0) return;
    this.#scheduled = true;
    // After everything that has already arrived has been read, and so is in the queue.
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#readers === 0) this.#commit(this.#nextGroup());
      this.#schedule();
    });
  }

  #nextGroup(): Pending[] {
    let mutations = 0;
    let count = 0;
    for (const { write } of this.#queue) {
      mutations += write.mutations.length;
      if (count > 0 && mutations > MUTATIONS_PER_COMMIT) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #commit(group: readonly Pending[]): void {
    if (group.length === 0) return;
    for (const commit of this.#transact(group)) {
      this.#written.commits.push(commit);
      this.#written.keys.add(commit.changed);
    }
    if (this.#flushing === undefined) this.#flush();
  }

  /** Flushes what was written, and after that what was written meanwhile. */
  #flush(): void {
    const flush = this.#written;
    this.#written = newFlush();
    const changed = flush.commits.some((commit) => commit.changed.length > 0);
    let flushing: Promise<void> | undefined;
    try {
      flushing = changed ? this.#options.table.flush() : undefined;
    } catch (error) {
      return this.#lose(flush.commits, error);
    }
    if (flushing === undefined) return flush.commits.forEach((commit) => this.#tell(commit));
    this.#flushing = flush;
    this.#flushed = flushing.then(() => {
      this.#flushing = undefined;
      if (this.#written.commits.length > 0) this.#flush();
      for (const commit of flush.commits) this.#tell(commit);
    }, (error) => this.#lose([...flush.commits, ...this.#written.commits], error));
  }

  /** Commits a group. A write that fails by itself must not take others with it: then each goes alone. */
  #transact(group: readonly Pending[]): Commit[] {
    const started = performance.now();
    try {
      const batch = this.#options.table.transaction(() => this.#judge(group));
      if (batch.changed.length > 0) this.#recover();
      return [{ group, started, ...batch }];
    } catch (error) {
      if (group.length > 1) return group.flatMap((pending) => this.#transact([pending]));
      this.#fail(group, error instanceof StorageFailure ? error : new StorageFailure(error));
      return [];
    }
  }

  #tell({ group, started, verdicts, changed }: Commit): void {
    this.#options.metrics.committed(group.length, (performance.now() - started) / 1_000);
    group.forEach((pending, index) => this.#settle(pending, verdicts[index]));
    for (const id of changed) this.#options.onChange(id);
  }

  #judge(group: readonly Pending[]): Batch {
    const { table, clock, evictor, metrics } = this.#options;
    const now = clock.now();
    const snapshot: Snapshot = {
      version: (key) => table.version(key, now),
      entry: ({ key }) => table.entry(key, now),
    };
    const changed: string[] = [];
    const verdicts = group.map(({ write }): Verdict => {
      try {
        const plan = planWrite(write, table.nextVersion, snapshot);
        if (plan.type === "conflict") return plan;
        const version = table.apply(plan.effects);
        for (const { id } of plan.effects) changed.push(id);
        return { type: "committed", version };
      } catch (error) {
        if (error instanceof Refusal) return { type: "refused", refusal: error };
        throw error;
      }
    });
    const evicted = evictor?.makeRoom(table) ?? [];
    for (const { key } of evicted) changed.push(keyId(key));
    metrics.evicted(evicted.length);
    return { verdicts, changed };
  }

  #settle(pending: Pending, verdict: Verdict | undefined): void {
    if (verdict === undefined) pending.reject(Refusal.forNow("The write was not judged."));
    else if (verdict.type === "refused") pending.reject(verdict.refusal);
    else pending.resolve(verdict);
    this.#options.metrics.wrote(verdict?.type ?? "failed");
  }

  #recover(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#logger.info("The database takes writes again");
  }

  /**
   * Nobody can tell how much of the commits is on the disk: the kernel forgets pages that it could not write. So this process
   * ends, and the next one reads what is there.
   */
  #lose(commits: readonly Commit[], error: unknown): void {
    const failure = new StorageFailure(error);
    for (const { group } of commits) this.#fail(group, failure);
    endProcess(failure);
  }

  /** Nothing of the group is to be relied on. */
  #fail(group: readonly Pending[], failure: StorageFailure): void {
    if (this.#failure === undefined) {
      this.#logger.error("The database takes no writes: {failure}", { failure });
    }
    this.#failure = { at: this.#options.clock.now(), failure };
    for (const pending of group) {
      pending.reject(refusalOf(failure));
      this.#options.metrics.wrote("failed");
    }
  }
}

function newFlush(): Flush {
  return { commits: [], keys: new Unflushed() };
}

/**
 * Both answers are of the 5xx class, so that clients try again and a write is done once there is room: a full disk is
 * temporary (RFC 4918, section 11.5), and nothing that was refused for it was ever acknowledged.
 */
function refusalOf(failure: StorageFailure): Refusal {
  const { kind, message } = failure;
  if (kind !== "full") return Refusal.forNow(`The database cannot commit now: ${message}.`, failure);
  const text = "The database has no room for this write: the disk or the quota is full.";
  return new Refusal(507, text, { headers: { "retry-after": "1" }, cause: failure });
}
