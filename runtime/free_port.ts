/** The ports that are looked through: below those that systems give to clients, and to servers that ask for any. */
const [FIRST, COUNT] = [10_000, 20_000];

/**
 * A port on which nobody listens, for a process that cannot say which one it was given. Nobody else is given it by chance
 * before that process listens.
 */
export function freePort(hostname = "127.0.0.1"): number {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (isFree(port, hostname)) return port;
  }
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
