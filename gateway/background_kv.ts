import { openKv } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";

/** A database that is not waited for. */
export interface BackgroundKv extends Disposable {
  /** The database; `undefined` as long as it could not be opened. */
  readonly current: Deno.Kv | undefined;
}

/** How {@linkcode openInBackground} opens. */
export interface BackgroundKvOptions {
  /** @default `openKv` of the runtime, which waits for a server that is not up yet */
  open?: (target: string, options: { signal: AbortSignal }) => Promise<Deno.Kv>;
}

/** Opens a database that can be done without for a while, so that nothing waits for it. Disposing closes it. */
export function openInBackground(target: string, options: BackgroundKvOptions = {}): BackgroundKv {
  const { open = openKv } = options;
  const closing = new AbortController();
  let current: Deno.Kv | undefined;

  async function opening(): Promise<void> {
    try {
      const kv = await open(target, { signal: closing.signal });
      if (closing.signal.aborted) kv.close();
      else current = kv;
    } catch (error) {
      if (closing.signal.aborted) return;
      getLogger(["flotilla", "gateway"]).error("The database at {target} cannot be opened: {error}", {
        target,
        error,
      });
    }
  }

  void opening();
  return {
    get current() {
      return current;
    },
    [Symbol.dispose]() {
      closing.abort();
      current?.close();
      current = undefined;
    },
  };
}
