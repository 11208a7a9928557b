import type { Timer } from "@flotilla/runtime";
import { LeaseLostError } from "./run_errors.ts";
import type { HoldingLease, TaskHold } from "./task_hold.ts";
import type { TaskStore } from "./task_store.ts";
import { type Candidate, type ClaimOutcome, WorkerLease, type WorkerLeaseOptions } from "./worker_lease.ts";

/** How a {@linkcode LeaseKeeper} works. */
export interface LeaseKeeperOptions extends WorkerLeaseOptions {
  /** Milliseconds between two renewals. */
  heartbeat: number;
  /** Told of tasks that an earlier claim has got, whose answer was lost. */
  onFound(holds: readonly TaskHold[]): void;
  /** Told that what is held under the lease is another worker's, or may be. */
  onLost(lease: HoldingLease, reason: LeaseLostError): void;
}

/** Keeps a worker's lease for as long as it holds a task, and takes a new one when it needs one again. */
export class LeaseKeeper {
  readonly #store: TaskStore;
  readonly #options: LeaseKeeperOptions;
  #lease: WorkerLease | undefined;
  #timer: Timer | undefined;
  #claiming = 0;

  constructor(store: TaskStore, options: LeaseKeeperOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Claims tasks, as {@linkcode WorkerLease.claim} does; none when the lease turns out to be lost. */
  async claim(candidates: readonly Candidate[]): Promise<ClaimOutcome> {
    const lease = this.#lease ??= new WorkerLease(this.#store, this.#options);
    this.#claiming++;
    try {
      const outcome = await lease.claim(candidates);
      // Under a lease that is not renewed any more nothing is begun: its tasks come free with it.
      return this.#lease === lease ? outcome : NOTHING;
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
      this.#lose(lease, error);
      return NOTHING;
    } finally {
      this.#claiming--;
      if (this.#timer === undefined) this.#scheduleRenewal(lease);
    }
  }

  /** Gives the lease up; what is held under it still comes free when it has run out. */
  async stop(): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    await lease?.end().catch(() => {});
  }

  /** A heart-beat after the last renewal began, however late its answer came; or after now, when there is no lease yet. */
  #scheduleRenewal({ expires }: WorkerLease): void {
    const { clock, duration, heartbeat } = this.#options;
    const elapsed = expires === 0 ? 0 : clock.now() - (expires - duration);
    this.#schedule(Math.max(0, heartbeat - elapsed));
  }

  #schedule(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#lease && this.#options.clock.setTimeout(() => void this.#beat(), ms);
  }

  /**
   * Renews the lease. A renewal that comes late, because the event loop was blocked or the machine slept, is tried all
   * the same: nobody may have taken the tasks yet, and if somebody has, it is refused. While the store is away the lease
   * runs out, and then the runs are ended, as another worker may have begun.
   */
  async #beat(): Promise<void> {
    const { clock, heartbeat } = this.#options;
    const lease = this.#lease;
    if (lease === undefined) return;
    if (!lease.isNeeded && this.#claiming === 0) return await this.stop();
    try {
      const found = await lease.renew();
      if (this.#lease === lease && found.length > 0) this.#options.onFound(found);
      this.#scheduleRenewal(lease);
    } catch (error) {
      if (error instanceof LeaseLostError) this.#lose(lease, error);
      else if (clock.now() < lease.expires) this.#schedule(heartbeat / 3);
      else this.#lose(lease, new LeaseLostError("The lease could not be renewed in time", { cause: error }));
    }
  }

  #lose(lease: WorkerLease, reason: LeaseLostError): void {
    if (this.#lease === lease) {
      this.#lease = undefined;
      this.#timer?.cancel();
      this.#timer = undefined;
    }
    this.#options.onLost(lease, reason);
  }
}

const NOTHING: ClaimOutcome = { holds: [], contended: false };
