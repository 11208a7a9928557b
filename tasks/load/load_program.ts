import { bold } from "@std/fmt/colors";
import { drainOrder } from "../drain_order.ts";
import { originOf, planProcesses } from "../plan.ts";
import { Terminal } from "../terminal.ts";
import type { CheckedTopology } from "../topology_schema.ts";
import { LoadError, signIn } from "./api_client.ts";
import { runExperiment } from "./experiment.ts";
import { renderPage } from "./html_report.ts";
import { LiveScreen } from "./live_screen.ts";
import { type Progress, renderLive } from "./live_view.ts";
import type { Killed, LoadReport } from "./load_report.ts";
import type { Kill, Scenario } from "./scenario.ts";
import { startStrategyBalancer } from "./strategy_balancer.ts";
import type { Tally } from "./tally.ts";
import { renderComparison, renderReport } from "./text_report.ts";
import { endProcess, findVictim, instanceToKill, type KnownPid } from "./victims.ts";

/** What `deno task load` was asked for. */
export interface LoadProgramOptions {
  topology: CheckedTopology;
  username: string;
  password: string;
  rate: number | undefined;
  duration: number | undefined;
  url: string | undefined;
  compare: readonly string[] | undefined;
  kill: readonly KnownPid[];
  yes: boolean;
  json: string | undefined;
  html: string | undefined;
}

/**
 * Runs a scenario, or the same one for each strategy to compare, shows it live, and reports.
 *
 * @returns whether no idempotent request failed, apart from while a death was being found out
 * @throws {LoadError} when the system cannot be used
 */
export async function runLoads(scenario: Scenario, options: LoadProgramOptions): Promise<boolean> {
  const terminal = new Terminal();
  if (options.url !== undefined && options.compare !== undefined) {
    throw new LoadError(
      "Cannot compare strategies at another address: --compare goes to the topology's gateways",
    );
  }
  allowKills(scenario, options);
  const reports: LoadReport[] = [];
  const signal = firstInterrupt();
  for (const strategy of options.compare ?? [undefined]) {
    if (signal.aborted) break;
    reports.push(await runOne(scenario, strategy, { ...options, signal }));
    terminal.say(`\n${reports.slice(-1).map(renderReport).join("")}\n`);
  }
  if (reports.length > 1) terminal.say(`${renderComparison(reports)}\n`);
  await keep(reports, options, terminal);
  return reports.every(({ idempotentFailures }) => idempotentFailures.otherwise === 0);
}

async function runOne(
  scenario: Scenario,
  strategy: string | undefined,
  options: LoadProgramOptions & { signal: AbortSignal },
): Promise<LoadReport> {
  const { topology, username, password, rate, duration, signal, url = edgeOf(topology) } = options;
  await using balancer = strategy === undefined ? undefined : await startStrategyBalancer(topology, strategy);
  const client = await signIn(balancer?.origin ?? url, { username, password });
  using live = liveProgress();
  return await runExperiment(scenario, {
    client,
    signal,
    onProgress: live.show,
    ...(rate === undefined ? {} : { rate }),
    ...(duration === undefined ? {} : { duration }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(scenario.kills.length === 0 ? {} : { kill: (kill: Kill) => killOne(kill, options) }),
  });
}

/** Ctrl-C ends a load early, with its report; the second one ends the program. */
function firstInterrupt(): AbortSignal {
  const controller = new AbortController();
  const onInterrupt = () => {
    Deno.removeSignalListener("SIGINT", onInterrupt);
    controller.abort();
  };
  Deno.addSignalListener("SIGINT", onInterrupt);
  return controller.signal;
}

/** Where clients call a system: the first process that no other calls. */
function edgeOf(topology: CheckedTopology): string {
  const edge = drainOrder(planProcesses(topology, { data: "" }))[0]?.[0];
  if (edge === undefined) throw new LoadError("Cannot find the system: the topology is empty");
  return originOf(edge);
}

/** Nothing is killed unless someone said so. */
function allowKills({ kills }: Scenario, { topology, yes }: LoadProgramOptions): void {
  if (kills.length === 0 || yes) return;
  const names = kills.map((kill) => instanceToKill(topology, kill).name).join(" and ");
  if (Deno.stdin.isTerminal() && confirm(`This kills ${names} of the running system. Go on?`)) return;
  throw new LoadError(`Nothing was done: this scenario kills ${names}; agree with --yes`);
}

async function killOne(kill: Kill, options: LoadProgramOptions): Promise<Omit<Killed, "at">> {
  const victim = await findVictim(instanceToKill(options.topology, kill), options.kill);
  await endProcess(victim);
  return victim;
}

/** Draws the load as it goes where there is a terminal, and writes a line at times where there is none. */
function liveProgress(): Disposable & { show: (tally: Tally, progress: Progress) => void } {
  if (Deno.stdout.isTerminal()) {
    const screen = new LiveScreen();
    return {
      show: (tally, progress) => screen.draw(renderLive(tally, progress)),
      [Symbol.dispose]() {
        screen.clear();
        screen[Symbol.dispose]();
      },
    };
  }
  const terminal = new Terminal();
  let told = 0;
  return {
    show(tally, progress) {
      if (progress.elapsed < told) return;
      told += LINE_INTERVAL;
      terminal.say(renderLive(tally, progress).slice(1, 5).filter((line) => line !== "").join("  "));
    },
    [Symbol.dispose]: () => {},
  };
}

/** Milliseconds between two lines where there is no terminal. */
const LINE_INTERVAL = 5_000;

async function keep(
  reports: readonly LoadReport[],
  options: LoadProgramOptions,
  terminal: Terminal,
): Promise<void> {
  const { json, html } = options;
  if (json !== undefined) {
    await Deno.writeTextFile(
      json,
      `${JSON.stringify(reports.length === 1 ? reports[0] : reports, null, 2)}\n`,
    );
    terminal.say(`Report: ${bold(json)}`);
  }
  if (html !== undefined) {
    await Deno.writeTextFile(html, renderPage(reports));
    terminal.say(`Report: ${bold(html)}`);
  }
}
