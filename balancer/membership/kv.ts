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
}

const listSchema = z.array(
  z.strictObject({ url: z.string(), id: z.string().min(1).optional(), weight: z.number().optional() }),
);

/**
 * Takes the upstreams from a key of Deno KV and follows it as it changes. A missing key, or a value that is
 * no list of upstreams, changes nothing: a slip of the hand must not take every upstream away.
 */
export function followKv(options: KvMembershipOptions): Membership {
  const { kv, key, update } = options;
  const logger = getLogger(["flotilla", "balancer", "kv"]);
  const reader = kv.watch<[unknown]>([key]).getReader();

  function take(value: unknown): void {
    try {
      update(readUpstreams(value));
    } catch (error) {
      logger.warn("{key} is no list of upstreams: {reason}", { key: key.join("/"), reason: String(error) });
    }
  }

  async function follow(): Promise<void> {
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        const [entry] = next.value;
        if (entry.versionstamp !== null) take(entry.value);
      }
    } catch (error) {
      logger.error("{key} is not followed any more: {reason}", { key: key.join("/"), reason: String(error) });
    }
  }

  const running = follow();
  const stop = async () => {
    await reader.cancel().catch(() => {});
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
