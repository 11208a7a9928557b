import { type Clock, EXIT_USAGE, sleep, systemClock } from "@flotilla/runtime";
import type { Exit, Launch, RunningProcess } from "./launch.ts";
import type { PlannedProcess } from "./plan.ts";
import type { Probe } from "./readiness_probe.ts";
import { RestartBackoff } from "./restart_backoff.ts";

/** What has become of a process. */
export type ProcessState =
  | { readonly kind: "planned" }
  | { readonly kind: "starting"; readonly pid: number }
  | { readonly kind: "ready"; readonly pid: number }
  /** It died and is started again after `delay` milliseconds. */
  | { readonly kind: "died"; readonly pid: number; readonly exit: Exit; readonly delay: number }
  /** It cannot start as it was called: another try would end the same. */
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "draining"; readonly pid: number }
  | { readonly kind: "stopped" };

/** What {@linkcode SupervisedProcess} works with. */
export interface SupervisedProcessOptions {
  launch: Launch;
  probe: Probe;
  /** Told of every change of state, in order. @default nobody */
  onState?: (process: SupervisedProcess, state: ProcessState) => void;
  /** Given every line that the process writes on standard error. @default nobody */
  onLine?: (process: SupervisedProcess, line: string) => void;
  /** Milliseconds between two looks at whether it is ready. @default 100 */
  probeInterval?: number;
  /** @default {@linkcode RestartBackoff} with its defaults */
  backoff?: RestartBackoff;
  /** @default {@linkcode systemClock} */
  clock?: Clock;
}

/** How many of a process's last lines are kept, to tell why it could not start. */
const LAST_LINES = 20;

/** One process that is kept running: started, watched until it is ready, started again when it dies, stopped. */
export class SupervisedProcess {
  #plan: PlannedProcess;
  readonly #options: Required<SupervisedProcessOptions>;
  readonly #stopping = new AbortController();
  #state: ProcessState = { kind: "planned" };
  #running: RunningProcess | undefined;
  #run: Promise<void> | undefined;
  #wasReady = false;
  #unready = "has not been started";
  #lastLines: string[] = [];

  constructor(plan: PlannedProcess, options: SupervisedProcessOptions) {
    this.#plan = plan;
    this.#options = {
      onState: () => {},
      onLine: () => {},
      probeInterval: 100,
      backoff: new RestartBackoff(),
      clock: systemClock,
      ...options,
    };
  }

  /** What it runs as, from its next start on. */
  get plan(): PlannedProcess {
    return this.#plan;
  }

  /**
   * Has it run as something else from its next start on: with other flags, under the same name.
   *
   * @throws {TypeError} for a plan of another name
   */
  replan(plan: PlannedProcess): void {
    if (plan.name !== this.#plan.name) {
      throw new TypeError(`Cannot plan ${this.#plan.name} anew: the plan is for ${plan.name}`);
    }
    this.#plan = plan;
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** Why the process was not ready when it was last asked. */
  get unready(): string {
    return this.#unready;
  }

  /** Starts it, and keeps it running until {@linkcode SupervisedProcess.stop}. Starting twice is the same as once. */
  start(): void {
    this.#run ??= this.#keepRunning();
  }

  /**
   * Tells it to drain and waits until it has gone; ends it by force after `patience` milliseconds.
   *
   * @returns whether it went by itself; true when it was not running
   */
  async stop(patience: number): Promise<boolean> {
    this.#stopping.abort();
    const running = this.#running;
    if (running === undefined) {
      await this.#run;
      return true;
    }
    this.#move({ kind: "draining", pid: running.pid });
    running.closeInput();
    let killed = false;
    using _timer = this.#options.clock.setTimeout(() => {
      killed = true;
      running.kill();
    }, patience);
    await this.#run;
    return !killed;
  }

  async #keepRunning(): Promise<void> {
    const { clock, backoff } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const started = clock.now();
      const running = this.#launch();
      if (running === undefined) return;
      const exit = await this.#watch(running);
      if (signal.aborted) break;
      if (exit.code === EXIT_USAGE && !this.#wasReady) return this.#refuse(this.#lastLines.join("\n"));
      const delay = backoff.delayAfter(clock.now() - started);
      this.#move({ kind: "died", pid: running.pid, exit, delay });
      await sleep(delay, { clock, signal }).catch(() => {});
    }
    this.#move({ kind: "stopped" });
  }

  #launch(): RunningProcess | undefined {
    try {
      this.#running = this.#options.launch(this.plan);
      this.#lastLines = [];
      this.#move({ kind: "starting", pid: this.#running.pid });
      return this.#running;
    } catch (error) {
      this.#refuse(error instanceof Error ? error.message : String(error));
    }
  }

  async #watch(running: RunningProcess): Promise<Exit> {
    const gone = new AbortController();
    const [exit] = await Promise.all([
      running.exited.finally(() => gone.abort()),
      this.#relayLines(running),
      this.#awaitReady(running, gone.signal),
    ]);
    this.#running = undefined;
    return exit;
  }

  async #relayLines(running: RunningProcess): Promise<void> {
    for await (const line of running.lines) {
      this.#lastLines.push(line);
      if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
      this.#options.onLine(this, line);
    }
  }

  async #awaitReady({ pid }: RunningProcess, gone: AbortSignal): Promise<void> {
    const { probe, probeInterval, clock } = this.#options;
    const signal = AbortSignal.any([gone, this.#stopping.signal]);
    while (!signal.aborted) {
      const unready = await probe(this.plan, signal);
      if (signal.aborted) return;
      if (unready === undefined) {
        this.#wasReady = true;
        return this.#move({ kind: "ready", pid });
      }
      this.#unready = unready;
      await sleep(probeInterval, { clock, signal }).catch(() => {});
    }
  }

  #refuse(reason: string): void {
    this.#move({ kind: "refused", reason });
  }

  #move(state: ProcessState): void {
    this.#state = state;
    this.#options.onState(this, state);
  }
}
