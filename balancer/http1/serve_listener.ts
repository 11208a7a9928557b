import { serveUntilStopped, type ServeUntilStoppedOptions } from "@flotilla/runtime";
import type { ConnectionSource } from "./acceptor.ts";
import type { Listener } from "./listener.ts";

/** How {@linkcode serveListener} ends. */
export type ServeListenerOptions = ServeUntilStoppedOptions;

/**
 * Serves with a byte-level listener until the process is told to stop, as `serve` of `@flotilla/runtime` does with
 * `Deno.serve`.
 */
export async function serveListener(
  listener: Listener,
  source: ConnectionSource,
  options: ServeListenerOptions,
): Promise<void> {
  let serving: Promise<void> | undefined;
  const begin = () => {
    serving = listener.serve(source);
    return {
      address: source.addr.transport === "tcp"
        ? `${listener.protocol}://${source.addr.hostname}:${source.addr.port}`
        : "a socket",
      drain: () => listener.drain(),
      cutOff: () => listener.close(),
    };
  };
  await serveUntilStopped(begin, options);
  await serving;
}
