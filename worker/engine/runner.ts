import { Roster, sleep, type Timer } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { sweepAgenda } from "./agenda.ts";
import { Bell } from "./bell.ts";
import { Candidates } from "./candidates.ts";
import { Deadlines } from "./deadlines.ts";
import { keys } from "./keys.ts";
import { Lanes } from "./lanes.ts";
import { LeaseKeeper } from "./lease_keeper.ts";
import { Permits } from "./permits.ts";
import { completed, type RunnerOptions } from "./runner_options.ts";
import { type RunObserver, TaskRun } from "./task_run.ts";
import type { RunEnvironment } from "./run_environment.ts";
import type { TaskHold } from "./task_hold.ts";
import type { TaskEntry } from "./task_store.ts";
import { setImmediate } from "node:timers";
import { watchWake } from "./wake_watch.ts";
import type { Candidate } from "./worker_lease.ts";

const logger = getLogger(["flotilla", "worker", "runner"]);
/** Claims under way at once: while the store writes one, the tasks of the other run. */
const CLAIMS = 2;
/** Milliseconds without claims after one that failed. */
const REST = 1_000;

/**
 * Runs tasks: claims what is queued while it has room, keeps its leases, and moves on what falls due.
 *
 * It is woken by a watch on the store, by a timer for the next thing on the agenda, and by its own runs when they end;
 * between those it asks the store nothing. An idle runner looks at the agenda once a heartbeat, which is how it learns
 * of leases that others have taken meanwhile.
 */
export class Runner implements AsyncDisposable {
  readonly #options: Required<RunnerOptions>;
  readonly #lanes: Lanes;
  readonly #candidates: Candidates;
  readonly #permits: Permits;
  readonly #keeper: LeaseKeeper;
  readonly #deadlines: Deadlines;
  readonly #environment: RunEnvironment;
  readonly #bell = new Bell();
  readonly #runs = new Roster<TaskRun>();
  /** Runs whose code has not ended. */
  #working = 0;
  readonly #observer: RunObserver = {
    worked: () => {
      this.#working--;
      this.#mayWait = true;
      this.#bell.ring();
    },
    ended: ({ seat, kind, started }, outcome) => {
      if (seat !== undefined) this.#runs.delete(seat);
      const { clock, metrics } = this.#options;
      metrics.finished(kind, outcome, (clock.now() - started) / 1_000);
      this.#mayWait = true;
      this.#bell.ring();
    },
  };
  readonly #claims = new Set<Promise<void>>();
  /** Tasks that are being claimed. */
  #wanted = 0;
  /** Nothing is claimed before, since the store is away. */
  #restUntil = 0;
  readonly #stopping = new AbortController();
  #timer: { readonly at: number; readonly timer: Timer } | undefined;
  #lookAgain = 0;
  #lanesAgain = 0;
  #mayWait = true;
  /** What stands in this worker's inbox, as it was last seen. */
  #mail: string | null = null;
  #loop: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  /** @throws {RangeError} when a number cannot be */
  constructor(options: RunnerOptions) {
    this.#options = completed(options);
    this.#lanes = new Lanes(options.store, { clock: this.#options.clock });
    const limits = [...options.kinds.values()].flatMap(({ name, concurrency }) =>
      concurrency === undefined ? [] : [[name, concurrency] as const]
    );
    const { clock, instance: holder, lease, heartbeat } = this.#options;
    this.#candidates = new Candidates(this.#lanes, { clock });
    this.#deadlines = new Deadlines(clock);
    this.#environment = {
      ...this.#options,
      kv: options.store.kv,
      logInterval: heartbeat,
      deadlines: this.#deadlines,
    };
    this.#keeper = new LeaseKeeper(options.store, {
      holder,
      clock,
      duration: lease,
      heartbeat,
      onFound: (holds) => holds.forEach((hold) => void this.#begin(hold)?.look()),
      onLost: (lost, reason) =>
        this.#runs.all().forEach((run) => run.hold.lease === lost && run.lose(reason)),
    });
    this.#permits = new Permits(options.store.kv, { kinds: new Map(limits), perOwner: options.perOwner });
  }

  /** How many tasks run here now. */
  get running(): number {
    return this.#runs.size;
  }

  /** Tells that a task was queued in this process, which is sooner than the watch does. */
  wake(): void {
    this.#mayWait = true;
    this.#lookAgain = 0;
    this.#bell.ring();
  }

  /** Begins to run tasks; does nothing when it has begun. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /**
   * Ends it: nothing more is claimed, what runs has the grace time to finish and is then handed back, so that other
   * workers take it up at once. Stopping twice, or before it has started, is safe.
   */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<void> {
    const { clock, grace } = this.#options;
    this.#stopping.abort();
    this.#bell.ring();
    await this.#loop;
    await Promise.all(this.#claims);
    const runs = this.#runs.all();
    const finished = Promise.all(runs.map(({ outcome }) => outcome));
    if (grace > 0) {
      const controller = new AbortController();
      await Promise.race([finished, sleep(grace, { clock, signal: controller.signal }).catch(() => {})]);
      controller.abort();
    }
    for (const run of runs) run.stop();
    await finished;
    await this.#keeper.stop();
    this.#deadlines[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    const { store, instance, clock } = this.#options;
    const { signal } = this.#stopping;
    const watching = watchWake(store.kv, {
      onWake: () => this.wake(),
      onInbox: (mail) => this.#read(mail),
    }, { holder: instance, clock, signal });
    while (!signal.aborted) {
      try {
        await this.#pass();
      } catch (error) {
        logger.warn("The store could not be asked for tasks: {error}", { error });
        this.#setTimer(clock.now() + 1_000);
      }
      if (!signal.aborted) await this.#bell.wait();
      // What ends or comes in the same turn is looked at together.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#timer?.timer.cancel();
    await watching;
  }

  /** One look at what there is to do. */
  async #pass(): Promise<void> {
    const { store, instance, clock, maxLosses, retention, heartbeat, lease, mayRecur } = this.#options;
    const now = clock.now();
    if (now >= this.#lookAgain) {
      const { moved, next } = await sweepAgenda(store, { now, maxLosses, retention, mayRecur });
      this.#lookAgain = Math.min(next ?? Infinity, now + heartbeat);
      // Should the watch ever miss something, the lanes are looked at once a lease, and the inbox as often as the agenda.
      if (moved > 0 || now >= this.#lanesAgain) {
        this.#mayWait = true;
        this.#lanesAgain = now + lease;
      }
      if (this.#runs.size > 0) this.#read((await store.kv.get(keys.inbox(instance))).versionstamp);
      logger.debug("{moved} tasks fell due", { moved });
    }
    await this.#fill();
    const rests = clock.now() < this.#restUntil;
    this.#setTimer(rests ? Math.min(this.#restUntil, this.#lookAgain) : this.#lookAgain);
  }

  /** Claims while there is room and something waits. */
  async #fill(): Promise<void> {
    const { concurrency, kinds, clock } = this.#options;
    this.#permits.forget();
    while (this.#mayWait && !this.#stopping.signal.aborted && clock.now() >= this.#restUntil) {
      // While outcomes are being written the next tasks may begin; a store that is away stops that at twice as many.
      const free = Math.min(concurrency - this.#working, 2 * concurrency - this.#runs.size) - this.#wanted;
      if (free <= 0 || this.#claims.size >= CLAIMS) return;
      // A task that is queued from here on rings again.
      this.#mayWait = false;
      const tasks = await this.#candidates.take(
        Math.min(free, Math.ceil(concurrency / CLAIMS)),
        (lane) => kinds.has(lane.kind) && !this.#permits.isFull(lane),
      );
      if (tasks.length === 0) return;
      this.#mayWait = true;
      this.#claim(tasks);
    }
  }

  /** Claims without being waited for: while the store writes this, the tasks of another claim run. */
  #claim(tasks: readonly TaskEntry[]): void {
    this.#wanted += tasks.length;
    const claim = this.#tryClaim(tasks).catch((error) => {
      logger.warn("Tasks could not be claimed: {error}", { error });
      this.#restUntil = this.#options.clock.now() + REST;
      this.#setTimer(this.#restUntil);
      return true;
    }).then((contended) => {
      this.#wanted -= tasks.length;
      this.#candidates.settle(tasks, contended);
      this.#claims.delete(claim);
      this.#mayWait = true;
      this.#bell.ring();
    });
    this.#claims.add(claim);
  }

  /** Claims what there are places for, begins with what it gets, and says whether others were faster. */
  async #tryClaim(tasks: readonly TaskEntry[]): Promise<boolean> {
    const candidates: Candidate[] = [];
    try {
      for (const entry of tasks) {
        const { kind, owner } = entry.task;
        const lane = { kind, owner: owner.subject };
        const permits = this.#permits.limits(lane) ? await this.#permits.find(lane) : [];
        if (permits !== undefined) candidates.push({ entry, permits });
      }
      if (candidates.length === 0) return false;
      const mail = this.#mail;
      const { holds, contended } = await this.#keeper.claim(candidates);
      const runs = holds.flatMap((hold) => this.#begin(hold) ?? []);
      // What came into the inbox before the answer to the claim may be for one of these.
      if (mail !== this.#mail) runs.forEach((run) => void run.look());
      return contended;
    } finally {
      for (const { permits } of candidates) this.#permits.settle(permits);
    }
  }

  #begin(hold: TaskHold): TaskRun | undefined {
    const { kinds, metrics } = this.#options;
    const definition = kinds.get(hold.task.kind);
    if (definition === undefined) return undefined;
    const run = new TaskRun(hold, definition, this.#environment, this.#observer);
    metrics.started(run.kind, Math.max(0, run.started - hold.since) / 1_000);
    run.seat = this.#runs.add(run);
    this.#working++;
    return run;
  }

  /** Looks after the runs when somebody has changed one of their tasks. */
  #read(mail: string | null): void {
    if (mail === this.#mail) return;
    this.#mail = mail;
    this.#runs.all().forEach((run) => void run.look());
  }

  /** Looks again then, or sooner: a timer that rings before it must is cheaper than one that is set anew at every look. */
  #setTimer(at: number): void {
    const { clock } = this.#options;
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.timer.cancel();
    if (this.#stopping.signal.aborted) return;
    const ring = () => {
      this.#timer = undefined;
      this.#bell.ring();
    };
    this.#timer = { at, timer: clock.setTimeout(ring, Math.max(0, at - clock.now())) };
  }
}
