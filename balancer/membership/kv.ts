import { type Clock, sleep, systemClock } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import type { UpstreamOptions } from "../upstream.ts";
import { identify } from "../upstream_state.ts";
import type { Membership } from "./membership.ts";

/** How a key is followed. */
export interface KvMembershipOptions {
  kv: Deno.Kv;
  /** Its value is a list of `{ url, id?, weight? }`. */
  key: Deno.KvKey;
  /** Told whenever the list has changed. */
  update(upstreams: readonly UpstreamOptions[]): void;
  /** Milliseconds until a watch that ended begins again. @default 1_000 */
  retryInterval?: number;
  /** @default systemClock */
  clock?: Clock;
}

const listSchema = z.array(
  z.strictObject({ url: z.string(), id: z.string().min(1).optional(), weight: z.number().optional() }),
);

/**
 * Takes the upstreams from a key of Deno KV and follows it as it changes. A missing key, or a value that is
 * no list of upstreams, changes nothing: a slip of the hand must not take every upstream away. A watch that ends is
 * begun again, with what stands there then.
 */
export function followKv(options: KvMembershipOptions): Membership {
  const { kv, key, update, retryInterval = 1_000, clock = systemClock } = options;
  const logger = getLogger(["flotilla", "balancer", "kv"]);
  const stopped = new AbortController();
  const { signal } = stopped;
  let known: string | null = null;

  function take({ value, versionstamp }: Deno.KvEntryMaybe<unknown>): void {
    if (versionstamp === null || versionstamp === known) return;
    known = versionstamp;
    try {
      update(readUpstreams(value));
    } catch (error) {
      logger.warn("{key} is no list of upstreams: {reason}", { key: key.join("/"), reason: String(error) });
    }
  }

  async function watch(): Promise<void> {
    const reader = kv.watch<[unknown]>([key]).getReader();
    const cancel = () => void reader.cancel().catch(() => {});
    signal.addEventListener("abort", cancel, { once: true });
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) take(next.value[0]);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      try {
        await watch();
      } catch (error) {
        logger.warn("{key} cannot be watched: {reason}", { key: key.join("/"), reason: String(error) });
      }
      await sleep(retryInterval, { clock, signal }).catch(() => {});
    }
  }

  const running = follow();
  const stop = async () => {
    stopped.abort();
    await running;
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

function readUpstreams(value: unknown): UpstreamOptions[] {
  const list = listSchema.parse(value).map(({ url, id, weight }) => ({
    url,
    ...(id === undefined ? {} : { id }),
    ...(weight === undefined ? {} : { weight }),
  }));
  for (const upstream of list) identify(upstream);
  return list;
}
