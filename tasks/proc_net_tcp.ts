/** The state of a listening socket in `/proc/net/tcp`: `TCP_LISTEN` of Linux's `tcp_states.h`. */
const LISTEN = "0A";

/** Reads Linux's `/proc/net/tcp` or `tcp6` (proc_pid_net(5)): the port of every listening socket by its inode. */
export function listeningPorts(table: string): Map<string, number> {
  const rows = table.split("\n").slice(1).map((line) => line.trim().split(/\s+/));
  return new Map(rows.flatMap((fields) => {
    const [local, state, inode] = [fields[1], fields[3], fields[9]];
    if (local === undefined || inode === undefined || state !== LISTEN) return [];
    return [[inode, Number.parseInt(local.slice(local.indexOf(":") + 1), 16)] as const];
  }));
}
