import { freePort, sleep } from "@flotilla/runtime";
import { fromFileUrl, resolve } from "@std/path";
import { denoLauncher } from "../launch.ts";
import { originOf, type PlannedProcess, planProcesses } from "../plan.ts";
import { probeReadiness } from "../readiness_probe.ts";
import type { CheckedTopology } from "../topology_schema.ts";
import { LoadError } from "./api_client.ts";

/** A balancer of our own in front of the gateways of a running system. */
export interface StrategyBalancer extends AsyncDisposable {
  readonly origin: string;
}

/** Milliseconds that a balancer may take to be ready. */
const PATIENCE = 20_000;
/** Milliseconds between two looks whether it is ready. */
const POLL_INTERVAL = 50;

/**
 * Starts a balancer with a strategy on a free port, in front of the same gateways as the edge of the topology.
 *
 * @throws {LoadError} when it does not get ready
 */
export async function startStrategyBalancer(
  topology: CheckedTopology,
  strategy: string,
): Promise<StrategyBalancer> {
  const plan = balancerPlan(topology, { strategy, port: freePort() });
  const launch = denoLauncher({ root: resolve(fromFileUrl(import.meta.resolve("../../"))), drain: 2 });
  const process = launch(plan);
  const said = Array.fromAsync(process.lines);
  const origin = originOf(plan);
  const stop = async () => {
    process.closeInput();
    await process.exited;
    return await said;
  };
  if (await readyInTime(plan)) return { origin, [Symbol.asyncDispose]: () => stop().then(() => {}) };
  throw new LoadError(`Cannot start a ${strategy} balancer: ${(await stop()).at(-1) ?? "it says nothing"}`);
}

/** What to start: a process like the edge, on another port. */
export function balancerPlan(
  topology: CheckedTopology,
  options: { strategy: string; port: number },
): PlannedProcess {
  const { strategy, port } = options;
  const gateways = planProcesses(topology, { data: "" }).filter(({ role }) => role === "gateway");
  if (gateways.length === 0) throw new LoadError("Cannot compare strategies: the topology has no gateway");
  return {
    name: `load_${strategy.replaceAll("-", "_")}`,
    group: "load_balancer_load",
    role: "balancer",
    host: "127.0.0.1",
    port,
    flags: [["strategy", strategy], ...gateways.map((gateway) => ["upstream", originOf(gateway)] as const)],
    calls: gateways.map(({ name }) => name),
  };
}

async function readyInTime(plan: PlannedProcess): Promise<boolean> {
  const patience = AbortSignal.timeout(PATIENCE);
  while (!patience.aborted) {
    if (await probeReadiness(plan, patience) === undefined) return true;
    await sleep(POLL_INTERVAL);
  }
  return false;
}
