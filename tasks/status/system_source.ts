import { SecretError } from "@flotilla/runtime";
import { adminToken } from "../control/open_control.ts";
import { ControlClient, isRunning } from "../control/control_client.ts";
import { readControlFile } from "../control/control_file.ts";
import { planProcesses } from "../plan.ts";
import { topology } from "../topology.ts";
import { parseTopology, readTopology } from "../topology_schema.ts";
import type { LookedAt } from "./system_status.ts";

/** Which processes there are, each time it is asked. */
export type SystemSource = () => Promise<readonly LookedAt[]>;

/**
 * Finds out which processes to look at: those of a topology if one is named; otherwise those that the system with its data
 * in this folder has at that moment, scaled as it may be; those of `tasks/topology.ts` if none runs.
 *
 * @throws {TopologyError} when the topology that is named cannot be used
 */
export async function systemSource(
  options: { topology: string | undefined; data: string },
): Promise<SystemSource> {
  if (options.topology !== undefined) {
    const named = planProcesses(await readTopology(options.topology), { data: "" });
    return () => Promise.resolve(named);
  }
  let last: readonly LookedAt[] = planProcesses(parseTopology(topology, "tasks/topology.ts"), { data: "" });
  return async () => {
    last = await runningIn(options.data) ?? last;
    return last;
  };
}

/** The processes of a running system; `undefined` when none runs or it does not tell. */
async function runningIn(data: string): Promise<readonly LookedAt[] | undefined> {
  const file = await readControlFile(data);
  if (file === undefined || !await isRunning(file)) return undefined;
  try {
    return (await new ControlClient(file, { token: adminToken() }).system()).processes;
  } catch (error) {
    if (error instanceof SecretError) throw error;
    return undefined;
  }
}
