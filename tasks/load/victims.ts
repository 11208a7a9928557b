import type { CheckedTopology } from "../topology_schema.ts";
import { originOf, type PlannedProcess, planProcesses } from "../plan.ts";
import { portOwners } from "../port_owners.ts";
import { LoadError } from "./api_client.ts";
import type { Kill } from "./scenario.ts";

/** An instance that a scenario kills. */
export interface Victim {
  readonly instance: string;
  readonly pid: number;
}

/** `NAME=PID`, as it is typed: which process an instance is. */
export interface KnownPid {
  readonly instance: string;
  readonly pid: number;
}

/** The first instance of the group that a kill names. */
export function instanceToKill(topology: CheckedTopology, { group }: Kill): PlannedProcess {
  const names = new Set([group, `${group}_1`]);
  const found = planProcesses(topology, { data: "" }).find(({ name }) => names.has(name));
  if (found === undefined) throw new LoadError(`Cannot kill a ${group}: the topology has none`);
  return found;
}

/**
 * Finds the process that an instance is: as it was told, or as the one that listens on the instance's port and says so.
 *
 * @throws {LoadError} when another one answers there, or the process cannot be found
 */
export async function findVictim(instance: PlannedProcess, known: readonly KnownPid[]): Promise<Victim> {
  const told = known.find((entry) => entry.instance === instance.name);
  if (told !== undefined) return told;
  const answers = await whoAnswers(originOf(instance));
  if (answers !== instance.name) {
    throw new LoadError(`Cannot kill ${instance.name}: ${answers} answers at ${originOf(instance)}`);
  }
  const owner = (await portOwners()).get(instance.port);
  if (owner === undefined) {
    throw new LoadError(
      `Cannot find the process of ${instance.name}: give its id, as deno task up shows it, with --kill ${instance.name}=PID`,
    );
  }
  return { instance: instance.name, pid: owner.pid };
}

/** Ends a process by SIGKILL. `Deno.kill` wants permission to run anything, so a Deno of its own does it. */
export async function endProcess({ instance, pid }: Victim): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `Deno.kill(${pid}, "SIGKILL")`],
    stdin: "null",
  }).output();
  if (success) return;
  throw new LoadError(`Cannot kill ${instance}, process ${pid}: ${new TextDecoder().decode(stderr).trim()}`);
}

async function whoAnswers(origin: string): Promise<string> {
  try {
    const response = await fetch(`${origin}/healthz`);
    await response.body?.cancel();
    return response.headers.get("x-served-by") ?? "something else";
  } catch {
    return "nobody";
  }
}
