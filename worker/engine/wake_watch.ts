import { type Clock, sleep } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { keys } from "./keys.ts";

const logger = getLogger(["flotilla", "worker", "wake"]);
/** Milliseconds before a watch that ended is begun again. */
const AGAIN = 1_000;

/** What a {@linkcode watchWake} calls. */
export interface WakeHandlers {
  /** There may be something to claim, or to wait for. */
  onWake(): void;
  /** Perhaps a task that this worker runs was changed by somebody else. @param mail the version of what stands there */
  onInbox(mail: string | null): void;
}

/**
 * Watches the keys that wake a worker, until the signal is aborted. The watch is begun again when it ends; whatever was
 * missed meanwhile is made up for, since a watch begins with what stands there.
 */
export async function watchWake(
  kv: Deno.Kv,
  handlers: WakeHandlers,
  options: { holder: string; clock: Clock; signal: AbortSignal },
): Promise<void> {
  const { holder, clock, signal } = options;
  while (!signal.aborted) {
    const reader = kv.watch<[string, string]>([keys.wake, keys.inbox(holder)]).getReader();
    const stop = () => void reader.cancel().catch(() => {});
    signal.addEventListener("abort", stop, { once: true });
    try {
      await follow(reader, handlers);
    } catch (error) {
      if (!signal.aborted) logger.warn("The watch on the store broke: {error}", { error });
    } finally {
      signal.removeEventListener("abort", stop);
    }
    if (!signal.aborted) await sleep(AGAIN, { clock, signal }).catch(() => {});
  }
}

async function follow(
  reader: ReadableStreamDefaultReader<[Deno.KvEntryMaybe<string>, Deno.KvEntryMaybe<string>]>,
  { onWake, onInbox }: WakeHandlers,
): Promise<void> {
  let wake: string | null | undefined;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const [wakeEntry, inboxEntry] = next.value;
    if (wakeEntry.versionstamp !== wake) onWake();
    wake = wakeEntry.versionstamp;
    onInbox(inboxEntry.versionstamp);
  }
}
