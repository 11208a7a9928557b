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
 * those again that die, and stops them in order from the edge inwards.
 */
export class Supervisor {
  readonly processes: readonly SupervisedProcess[];
  readonly #tiers: readonly (readonly PlannedProcess[])[];
  readonly #patience: number;
  readonly #ready = Promise.withResolvers<void>();
  readonly #notYetReady: Set<SupervisedProcess>;
  #stopped: Promise<string[]> | undefined;

  /** @throws {TopologyError} when processes call one another in a circle */
  constructor(plans: readonly PlannedProcess[], options: SupervisorOptions) {
    const { launch, probe, onState, onLine = () => {}, patience = 12_000, clock = systemClock } = options;
    this.#tiers = drainOrder(plans);
    this.#patience = patience;
    this.processes = plans.map((plan) =>
      new SupervisedProcess(plan, {
        launch,
        probe,
        clock,
        onLine,
        onState: (process, state) => {
          onState?.(process, state);
          this.#note(process, state);
        },
      })
    );
    this.#notYetReady = new Set(this.processes);
    this.#ready.promise.catch(() => {});
  }

  /** Resolves when every process has been ready; rejects with a {@linkcode StartError} when one never can be. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** The processes that have not been ready yet. */
  get waitingFor(): readonly SupervisedProcess[] {
    return [...this.#notYetReady];
  }

  /** Starts every process. */
  start(): void {
    for (const process of this.processes) process.start();
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

  async #stopTiers(): Promise<string[]> {
    const killed: string[] = [];
    for (const tier of this.#tiers) {
      await Promise.all(
        this.processes.filter(({ plan }) => tier.includes(plan)).map(async (process) => {
          if (!await process.stop(this.#patience)) killed.push(process.plan.name);
        }),
      );
    }
    return killed;
  }

  #note(process: SupervisedProcess, state: ProcessState): void {
    if (state.kind === "refused") this.#ready.reject(new StartError(process.plan.name, state.reason));
    if (state.kind !== "ready") return;
    this.#notYetReady.delete(process);
    if (this.#notYetReady.size === 0) this.#ready.resolve();
  }
}
