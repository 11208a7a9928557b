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

/** Whether nothing listens on a port. */
export function isFree(port: number, hostname = "127.0.0.1"): boolean {
  try {
    using _listener = Deno.listen({ port, hostname });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
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
