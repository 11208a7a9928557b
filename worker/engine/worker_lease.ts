import type { Clock } from "@flotilla/runtime";
import { claimLease, type ClaimList } from "./claim_list.ts";
import { isRefusal } from "./group_writer.ts";
import { keys } from "./keys.ts";
import { readKeys } from "./read_keys.ts";
import { LeaseLostError } from "./run_errors.ts";
import { SharedTurn } from "./shared_turn.ts";
import { TaskHold } from "./task_hold.ts";
import type { Task } from "./task_state.ts";
import { movedBy, placeOf, type TaskEntry, type TaskStore } from "./task_store.ts";
import { NO_CHANGE, type PlannedCheck, type PlannedSet, type WritePlan } from "./write_plan.ts";

/** How a {@linkcode WorkerLease} is kept. */
export interface WorkerLeaseOptions {
  /** The instance whose lease it is. */
  holder: string;
  clock: Clock;
  /** Milliseconds that the lease lasts from its last renewal. */
  duration: number;
}

/** A task that waits, to be claimed. */
export interface Candidate {
  readonly entry: TaskEntry;
  /** The places it takes where only so many may run at once. */
  readonly permits: readonly Deno.KvKey[];
}

/** What a claim came to. */
export interface ClaimOutcome {
  /** Tasks that are this worker's now, also those of an earlier claim whose answer was lost. */
  readonly holds: readonly TaskHold[];
  /** Whether somebody else was faster with some of the candidates. */
  readonly contended: boolean;
}

/** A candidate with what is to become of it. */
interface Bid {
  readonly entry: TaskEntry;
  readonly token: string;
  readonly permits: readonly Deno.KvKey[];
  /** The task as it becomes. */
  readonly task: Task;
}

/** Tasks that are claimed in one write, and listed under one key. */
interface Batch {
  readonly key: Deno.KvKey;
  readonly bids: readonly Bid[];
}

/** Lists that one write deletes. */
const MOST_OVER = 50;

/**
 * The lease of a worker: what it has claimed is its own until the lease ends, and one write renews it for all tasks.
 *
 * The lease is one entry of the agenda, at the time of its end. To renew it is to move the entry; a claim checks the entry
 * in the same atomic write; and whoever finds it overdue rewrites it before anything else (`lost_lease.ts`). So a claim or
 * a renewal that arrives after another renewal, or after the tasks were taken away, has no effect. That is also how a claim
 * is settled whose answer was lost: once the lease is renewed it has come into effect or never will, and its list tells.
 */
export class WorkerLease {
  readonly id: string = crypto.randomUUID();
  readonly #store: TaskStore;
  readonly #options: WorkerLeaseOptions;
  /** The entry of the agenda; `undefined` until the first claim. */
  #entry: PlannedCheck | undefined;
  /** Where it is put by a write whose answer was lost: the next try puts it there too. */
  #moving: number | undefined;
  #expires = 0;
  /** Claims whose answers were lost. */
  #doubtful: Batch[] = [];
  #held = 0;
  /** Lists of tasks none of which is held any more; they go with the next write. */
  #over: Deno.KvKey[] = [];
  #count = 0;
  /** Claims go on together; whatever moves the lease does so alone. */
  readonly #turn = new SharedTurn();

  constructor(store: TaskStore, options: WorkerLeaseOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** When others may take the tasks, in milliseconds since the epoch. */
  get expires(): number {
    return this.#expires;
  }

  /** Whether a task is held under it, or may be. */
  get isNeeded(): boolean {
    return this.#held > 0 || this.#doubtful.length > 0;
  }

  /**
   * Claims as many of the tasks, from the first, as one atomic write takes; when others were faster with some of them, the
   * rest in another write.
   *
   * @throws {LeaseLostError} when the lease is over
   */
  async claim(candidates: readonly Candidate[]): Promise<ClaimOutcome> {
    if (this.#entry === undefined) await this.#turn.alone(() => this.#begin());
    if (this.#doubtful.length > 0) return { holds: await this.#settle(), contended: false };
    return await this.#turn.together(async () => {
      const bids = candidates.map((candidate) => this.#bid(candidate));
      return await this.#claim(bids.slice(0, this.#fitting(bids)));
    });
  }

  /**
   * Keeps all tasks for another lease.
   *
   * @returns tasks of earlier claims that turn out to be this worker's
   * @throws {LeaseLostError} when the lease is over
   */
  async renew(): Promise<readonly TaskHold[]> {
    return this.#entry === undefined ? [] : await this.#settle();
  }

  /** Takes the lease off the agenda, unless something is held under it: then it runs out by itself. */
  async end(): Promise<void> {
    await this.#turn.alone(async () => {
      if (this.#entry === undefined || this.isNeeded) return;
      const { key } = this.#entry;
      await this.#store.commit({ ...NO_CHANGE, checks: [this.#entry], deletes: [key, ...this.#over] });
    });
  }

  async #begin(): Promise<void> {
    if (this.#entry !== undefined) return;
    const expires = this.#moving ??= this.#options.clock.now() + this.#options.duration;
    await this.#enter(expires, { key: keys.lease(expires, this.id), versionstamp: null });
    this.#moving = undefined;
  }

  /** Moves the entry, and once more when an earlier move had to be finished first. */
  async #move(): Promise<void> {
    for (let late = true; late;) {
      late = this.#moving !== undefined;
      // Never to where it stands.
      this.#moving ??= Math.max(this.#options.clock.now() + this.#options.duration, this.#expires + 1);
      await this.#enter(this.#moving, this.#entry);
      this.#moving = undefined;
    }
  }

  async #enter(expires: number, before: PlannedCheck | undefined): Promise<void> {
    if (before === undefined) throw new LeaseLostError("The lease was never taken");
    const key = keys.lease(expires, this.id);
    const versionstamp = await this.#store.commit({
      ...NO_CHANGE,
      checks: [before],
      sets: [{ key, value: this.#options.holder }],
      deletes: before.versionstamp === null ? [] : [before.key],
    }) ?? await this.#ownEntry(key);
    this.#entry = { key, versionstamp };
    this.#expires = expires;
  }

  /** Nobody else sets this key: what stands there was put there by an earlier try of the same write. */
  async #ownEntry(key: Deno.KvKey): Promise<string> {
    const { versionstamp, value } = await this.#store.kv.get(key);
    if (versionstamp === null || value !== this.#options.holder) {
      throw new LeaseLostError("Others have taken the tasks of this worker");
    }
    return versionstamp;
  }

  /** Renews the lease, and finds out what became of claims whose answers were lost. */
  async #settle(): Promise<TaskHold[]> {
    return await this.#turn.alone(async () => {
      await this.#move();
      const batches = this.#doubtful;
      const made = await Promise.all(batches.map((batch) => this.#isMade(batch)));
      this.#doubtful = [];
      return batches.flatMap((batch, index) => made[index] === true ? this.#hold(batch) : []);
    });
  }

  #bid({ entry, permits }: Candidate): Bid {
    const { holder, clock } = this.#options;
    const token = `${this.id}.${this.#count++}`;
    const lease = claimLease({ id: this.id, token, holder, permits });
    return { entry, token, permits, task: movedBy(entry, { type: "claim", now: clock.now(), lease }) };
  }

  /** How many of these, from the first, one atomic write takes: each checks its place and its permits, and all the lease. */
  #fitting(bids: readonly Bid[]): number {
    let checks = 1;
    const count = bids.findIndex(({ permits }) => (checks += 1 + permits.length) > this.#store.mostChecks);
    return count === -1 ? bids.length : Math.max(1, count);
  }

  async #claim(all: readonly Bid[]): Promise<ClaimOutcome> {
    for (let bids = all; bids.length > 0;) {
      const contended = bids !== all;
      const batch: Batch = { key: [...keys.held(this.id), this.#count++], bids };
      if (await this.#write(batch) || await this.#isMade(batch)) {
        return { holds: this.#hold(batch), contended };
      }
      const open = await this.#open(bids);
      if (open.length === bids.length) {
        // It was a permit, or the lease: a copy of this write that comes late might still find both as it wants them.
        this.#doubtful.push(batch);
        return { holds: [], contended: true };
      }
      bids = open;
    }
    return { holds: [], contended: all.length > 0 };
  }

  /** Whether the tasks are this worker's; not when a check failed. */
  async #write(batch: Batch): Promise<boolean> {
    const over = this.#over.splice(0, MOST_OVER);
    try {
      const versionstamp = await this.#store.commit(this.#plan(batch, over));
      if (versionstamp === undefined) this.#over.push(...over);
      return versionstamp !== undefined;
    } catch (error) {
      this.#over.push(...over);
      if (!isRefusal(error)) this.#doubtful.push(batch);
      throw error;
    }
  }

  /** The places in the queue go, and permits and the list come; records stay as they are. */
  #plan(batch: Batch, over: readonly Deno.KvKey[]): WritePlan {
    const checks: PlannedCheck[] = this.#entry === undefined ? [] : [this.#entry];
    const sets: PlannedSet[] = [{ key: batch.key, value: this.#list(batch) }];
    const deletes = [...over];
    for (const { entry: { task, versionstamp }, permits } of batch.bids) {
      for (const key of placeOf(task)) {
        checks.push({ key, versionstamp });
        deletes.push(key);
      }
      for (const key of permits) {
        checks.push({ key, versionstamp: null });
        sets.push({ key, value: 0 });
      }
    }
    const { length } = batch.bids;
    return {
      checks,
      sets,
      deletes,
      counts: [{ status: "queued", by: -length }, { status: "running", by: length }],
    };
  }

  #list({ bids }: Batch): ClaimList {
    const { holder, clock } = this.#options;
    const tasks = bids.map(({ entry: { task: { owner, id }, versionstamp }, token, permits }) =>
      [owner.subject, id, versionstamp, token, permits] as const
    );
    return { holder, claimed: clock.now(), tasks };
  }

  /** Whether a claim has come into effect. Nobody else writes its list, and it stays for as long as a task of it is held. */
  async #isMade({ key }: Batch): Promise<boolean> {
    return (await this.#store.kv.get(key)).versionstamp !== null;
  }

  /** Those that can be claimed still. */
  async #open(bids: readonly Bid[]): Promise<readonly Bid[]> {
    const places = await readKeys(this.#store.kv, bids.flatMap(({ entry: { task } }) => placeOf(task)));
    return bids.filter(({ entry }, index) => places[index]?.versionstamp === entry.versionstamp);
  }

  #hold({ key, bids }: Batch): TaskHold[] {
    let left = bids.length;
    this.#held += left;
    const onSettled = () => {
      this.#held--;
      if (--left === 0) this.#over.push(key);
    };
    const { clock } = this.#options;
    return bids.map(({ token, entry: { task: { state }, versionstamp }, task }) => {
      const since = state.status === "queued" ? state.since : clock.now();
      const entry = { task, versionstamp };
      return new TaskHold(this.#store, { entry, token, since, lease: this, clock, onSettled });
    });
  }
}
