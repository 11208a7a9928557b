import { isFree } from "@flotilla/runtime";
import { authority, type PlannedProcess } from "./plan.ts";

/** A port that a process needs and that something else already listens on. */
export interface TakenPort {
  /** The process that needs it. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** Finds which ports of these processes are taken, by trying to listen on each. */
export function takenPorts(processes: readonly PlannedProcess[]): TakenPort[] {
  return processes.flatMap(({ name, host, port, adminPort }) =>
    [port, ...(adminPort === undefined ? [] : [adminPort])]
      .filter((needed) => !isFree(needed, host))
      .map((needed) => ({ name, host, port: needed }))
  );
}

/** Who holds a port. */
export interface PortOwner {
  readonly pid: number;
  readonly command: string;
}

/** Says of every taken port what needs it and what holds it, or how to find out. */
export function describeTakenPorts(
  taken: readonly TakenPort[],
  owners: ReadonlyMap<number, PortOwner>,
): string {
  return taken.map(({ name, host, port }) => {
    const owner = owners.get(port);
    const by = owner === undefined
      ? `another process; find it with: ss -ltnp 'sport = :${port}'`
      : `process ${owner.pid}: ${owner.command}`;
    return `${name} needs ${authority(host, port)}, which is taken by ${by}`;
  }).join("\n");
}
