import { type Clock, systemClock } from "@flotilla/runtime";
import { drainOrder } from "./drain_order.ts";
import type { Launch } from "./launch.ts";
import type { PlannedProcess } from "./plan.ts";
import { type ProcessState, SupervisedProcess } from "./process.ts";
import type { Probe } from "./readiness_probe.ts";

/** What a {@linkcode Supervisor} works with. */
export interface SupervisorOptions {
  launch: Launch;
  probe: Probe;
  /** Told of every change of state. @default nobody */
  onState?: (process: SupervisedProcess, state: ProcessState) => void;
  /** Given every line that a process writes on standard error. @default nobody */
  onLine?: (process: SupervisedProcess, line: string) => void;
  /** Milliseconds that a process has to stop before it is ended by force. @default 12_000 */
  patience?: number;
  /** @default {@linkcode systemClock} */
  clock?: Clock;
}

/** A process could not be started as it was called. */
export class StartError extends Error {
  override readonly name = "StartError";
  /** Name of the process. */
  readonly process: string;

  constructor(process: string, reason: string) {
    super(`Cannot start ${process}: ${reason}`);
    this.process = process;
  }
}

/**
 * Keeps the processes of a system running: starts all of them at once (each waits by itself for those it calls), starts
 * those again that die, lets others join and leave, and stops them in order from the edge inwards.
 */
export class Supervisor {
  readonly #options: Required<SupervisorOptions>;
  readonly #processes = new Map<string, SupervisedProcess>();
  readonly #notYetReady = new Map<SupervisedProcess, PromiseWithResolvers<void>>();
  readonly #ready: Promise<unknown>;
  #stopped: Promise<string[]> | undefined;

  /** @throws {TopologyError} when processes call one another in a circle */
  constructor(plans: readonly PlannedProcess[], options: SupervisorOptions) {
    this.#options = { onState: () => {}, onLine: () => {}, patience: 12_000, clock: systemClock, ...options };
    drainOrder(plans);
    this.#ready = Promise.all(plans.map((plan) => this.#supervise(plan).ready));
    this.#ready.catch(() => {});
  }

  /** All processes as they are now. */
  get processes(): readonly SupervisedProcess[] {
    return [...this.#processes.values()];
  }

  /** Resolves when every process has been ready; rejects with a {@linkcode StartError} when one never can be. */
  get ready(): Promise<void> {
    return this.#ready.then(() => {});
  }

  /** The processes that have not been ready yet. */
  get waitingFor(): readonly SupervisedProcess[] {
    return [...this.#notYetReady.keys()];
  }

  /** Starts every process. */
  start(): void {
    for (const process of this.processes) process.start();
  }

  /**
   * Starts one more process.
   *
   * @returns when it has been ready
   * @throws {TypeError} when there is one of that name
   * @throws {StartError} when it never can be ready, or was stopped before
   */
  async add(plan: PlannedProcess): Promise<void> {
    if (this.#stopped !== undefined) throw new StartError(plan.name, "the system stops");
    if (this.#processes.has(plan.name)) {
      throw new TypeError(`Cannot add ${plan.name}: there is a process of that name`);
    }
    const { process, ready } = this.#supervise(plan);
    process.start();
    await ready;
  }

  /**
   * Stops one process and forgets it; none of that name is no error.
   *
   * @returns whether it went by itself
   */
  async remove(name: string): Promise<boolean> {
    const process = this.#processes.get(name);
    if (process === undefined) return true;
    const wentByItself = await process.stop(this.#options.patience);
    this.#processes.delete(name);
    return wentByItself;
  }

  /** Has processes run as planned here from their next start on; for those that are not there it means nothing. */
  replan(plans: readonly PlannedProcess[]): void {
    for (const plan of plans) this.#processes.get(plan.name)?.replan(plan);
  }

  /**
   * Stops every process, tier by tier from the edge inwards. Safe to call twice.
   *
   * @returns the names of those that had to be ended by force
   */
  stop(): Promise<string[]> {
    return this.#stopped ??= this.#stopTiers();
  }

  /** Ends every process at once, drained or not. */
  async kill(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop(0)));
  }

  #supervise(plan: PlannedProcess): { process: SupervisedProcess; ready: Promise<void> } {
    const { launch, probe, clock, onLine, onState } = this.#options;
    const process = new SupervisedProcess(plan, {
      launch,
      probe,
      clock,
      onLine,
      onState: (supervised, state) => {
        onState(supervised, state);
        this.#note(supervised, state);
      },
    });
    const waiting = Promise.withResolvers<void>();
    waiting.promise.catch(() => {});
    this.#processes.set(plan.name, process);
    this.#notYetReady.set(process, waiting);
    return { process, ready: waiting.promise };
  }

  async #stopTiers(): Promise<string[]> {
    const killed: string[] = [];
    for (const tier of drainOrder(this.processes.map(({ plan }) => plan))) {
      await Promise.all(tier.map(async ({ name }) => {
        const process = this.#processes.get(name);
        if (await process?.stop(this.#options.patience) === false) killed.push(name);
      }));
    }
    return killed;
  }

  #note(process: SupervisedProcess, state: ProcessState): void {
    const waiting = this.#notYetReady.get(process);
    const { name } = process.plan;
    if (state.kind === "refused") waiting?.reject(new StartError(name, state.reason));
    if (state.kind === "stopped") waiting?.reject(new StartError(name, "it was stopped before it was ready"));
    if (state.kind === "ready") waiting?.resolve();
    if (state.kind === "stopped" || state.kind === "ready") this.#notYetReady.delete(process);
  }
}
