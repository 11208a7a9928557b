import { type Clock, commitChecked, ProblemError } from "@flotilla/runtime";
import { CommitDraft, CommitFullError, type Draft, type DraftedChange } from "./draft.ts";
import type { ChangeTail } from "./change_tail.ts";
import { changeKey, type Latest, LATEST_KEY, recordKey } from "./keyspace.ts";
import type { LatestEntry, RecordDatabase } from "./record_database.ts";

/** A write that is decided on what stands in the database, and takes effect as a whole or not at all. */
export interface Write<T> {
  /** Every record that {@linkcode Write.decide} looks at or changes. */
  readonly ids: readonly string[];
  /** Says what changes; may be asked again when others were faster. What it throws refuses the write. */
  decide(draft: Draft): T;
}

/** How {@linkcode RecordWriter} writes. */
export interface RecordWriterOptions {
  clock: Clock;
  /** How many changes the log keeps. @default 100_000 */
  keptChanges?: number;
  /** How often a commit is tried when other services commit first. @default 200 */
  maxAttempts?: number;
  /** Called with each commit's number of changes, and of failed tries before it. @default nothing */
  onCommit?: (changes: number, conflicts: number) => void;
}

interface Waiting {
  readonly ids: readonly string[];
  /** Runs the write and says how to answer its caller once the commit stands. */
  decide(draft: CommitDraft): () => void;
  fail(error: unknown): void;
}

const MAX_GROUP_WRITES = 250;
const MAX_GROUP_RECORDS = 270;

/**
 * Writes records, each change together with its entry in the change log, which numbers all changes without gaps.
 *
 * Every commit checks `latest`, the end of the log: when nothing has been committed since it was read, then nothing
 * that was read with it has changed, however many records that are. So one check guards any number of writes, and the
 * writes that arrive while a commit is under way share the next one; that is what keeps the one hot key from being a
 * bottleneck. A commit that the client sent again late, after anything else was committed, has no effect.
 */
export class RecordWriter {
  readonly #database: RecordDatabase;
  readonly #tail: ChangeTail;
  readonly #clock: Clock;
  readonly #keptChanges: number;
  readonly #maxAttempts: number;
  readonly #onCommit: (changes: number, conflicts: number) => void;
  #queue: Waiting[] = [];
  #running = false;

  /** @param tail knows which requests are committed, and takes up what this writer commits */
  constructor(database: RecordDatabase, tail: ChangeTail, options: RecordWriterOptions) {
    const { clock, keptChanges = 100_000, maxAttempts = 200, onCommit = () => {} } = options;
    this.#database = database;
    this.#tail = tail;
    this.#clock = clock;
    this.#keptChanges = keptChanges;
    this.#maxAttempts = maxAttempts;
    this.#onCommit = onCommit;
  }

  /**
   * Resolves with what `decide` returned when the write is durable.
   *
   * @throws what `decide` threw; {@linkcode ProblemError} 413 when it does not fit into one commit, 503 when too many
   * others write; `KvTimeoutError` when it is not known whether it took effect
   */
  write<T>(write: Write<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#queue.push({
      ids: write.ids,
      decide(draft) {
        const result = draft.run(write.decide);
        return () => resolve(result);
      },
      fail: reject,
    });
    if (!this.#running) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      try {
        await this.#commitGroup(group);
      } catch (error) {
        for (const waiting of group) waiting.fail(error);
      }
    }
    this.#running = false;
  }

  #takeGroup(): Waiting[] {
    let records = 0;
    const end = this.#queue.findIndex((waiting, index) => {
      records += waiting.ids.length;
      return index === MAX_GROUP_WRITES || (index > 0 && records > MAX_GROUP_RECORDS);
    });
    return this.#queue.splice(0, end === -1 ? this.#queue.length : end);
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    for (let attempt = 0; attempt < this.#maxAttempts; attempt++) {
      const ids = [...new Set(group.flatMap((waiting) => waiting.ids))];
      // Both at once: a writer that took longer from its read to its commit than others would lose to them every time.
      const [snapshot] = await Promise.all([this.#database.records(ids), this.#tail.readAhead()]);
      await this.#tail.reach(snapshot.latest);
      const commit = crypto.randomUUID();
      const doneBy = (request: string) => this.#tail.doneBy(request);
      const draft = new CommitDraft(snapshot, { now: this.#clock.now(), commit, doneBy });
      const { settle, deferred } = decideAll(group, draft);
      if (await this.#commit(snapshot.latest, draft.changes, commit)) {
        this.#tail.extend(snapshot.latest, draft.changes.map(({ change }) => change));
        this.#queue.unshift(...deferred);
        this.#onCommit(draft.changes.length, attempt);
        for (const answer of settle) answer();
        return;
      }
    }
    throw new ProblemError(503, "Too many writes at once", { headers: { "retry-after": "1" } });
  }

  async #commit(latest: LatestEntry, changes: readonly DraftedChange[], commit: string): Promise<boolean> {
    const [first] = changes;
    if (first === undefined) return true;
    const operation = this.#database.kv.atomic()
      .check({ key: LATEST_KEY, versionstamp: latest.versionstamp });
    for (const { seq, change, record } of changes) {
      if (record === undefined) operation.delete(recordKey(change.id));
      else operation.set(recordKey(change.id), record, this.#lifetime(record.expires));
      operation.set(changeKey(seq), change);
      if (seq > this.#keptChanges) operation.delete(changeKey(seq - this.#keptChanges));
    }
    const next: Latest = { seq: latest.seq + changes.length, epoch: latest.epoch };
    // The answer may have been lost, or the client may have sent a commit twice, of which the second fails its check: the
    // log tells whose change it was.
    return await commitChecked(operation.set(LATEST_KEY, next)) ||
      await this.#database.commitOf(first.seq) === commit;
  }

  #lifetime(expires: number | undefined): { expireIn?: number } {
    return expires === undefined ? {} : { expireIn: Math.max(1, expires - this.#clock.now()) };
  }
}

/** Lets every write of the group decide in turn; one that no longer fits waits for the next commit, and so do those after. */
function decideAll(
  group: readonly Waiting[],
  draft: CommitDraft,
): { settle: (() => void)[]; deferred: Waiting[] } {
  const settle: (() => void)[] = [];
  for (const [index, waiting] of group.entries()) {
    try {
      settle.push(waiting.decide(draft));
    } catch (error) {
      if (error instanceof CommitFullError && draft.changes.length > 0) {
        return { settle, deferred: group.slice(index) };
      }
      settle.push(() => waiting.fail(asRefusal(error)));
    }
  }
  return { settle, deferred: [] };
}

function asRefusal(error: unknown): unknown {
  if (!(error instanceof CommitFullError)) return error;
  return new ProblemError(413, "The changes together are too large to be written at once", { cause: error });
}
