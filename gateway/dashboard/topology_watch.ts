import { type Clock, systemClock, type Timer } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { AUDIT_KEY, type AuditEntry, readAudit } from "./audit_log.ts";
import {
  EMPTY_TOPOLOGY,
  type PublishedTopology,
  publishedTopologySchema,
  TOPOLOGY_KEY,
} from "./published_topology.ts";

/** Knows which processes there are, and which orders were given. */
export interface TopologyWatch extends Disposable {
  /** The newest first; empty until they were read. */
  readonly audit: readonly AuditEntry[];
  /** As it was last read; empty until then. */
  readonly topology: PublishedTopology;
}

/** How {@linkcode watchTopology} watches. */
export interface TopologyWatchOptions {
  /** The database that the supervisor writes to. The caller closes it. */
  kv: Deno.Kv;
  /** Milliseconds until a watch that ended begins again. @default 1_000 */
  retryInterval?: number;
  /** @default `systemClock` */
  clock?: Clock;
}

/**
 * Follows the topology and the audit log that are kept in the database. What is no topology is ignored, and the log says so: a picture
 * of before is better than none.
 */
export function watchTopology(options: TopologyWatchOptions): TopologyWatch {
  const { kv, retryInterval = 1_000, clock = systemClock } = options;
  const logger = getLogger(["flotilla", "gateway", "dashboard"]);
  let topology = EMPTY_TOPOLOGY;
  let audit: readonly AuditEntry[] = [];
  let reader:
    | ReadableStreamDefaultReader<[Deno.KvEntryMaybe<unknown>, Deno.KvEntryMaybe<unknown>]>
    | undefined;
  let timer: Timer | undefined;
  let stopped = false;

  function take({ value }: Deno.KvEntryMaybe<unknown>): void {
    if (value === null) return;
    const result = publishedTopologySchema.safeParse(value);
    if (result.success) topology = result.data;
    else logger.warn("The published topology cannot be used: {reason}", { reason: result.error.message });
  }

  async function follow(): Promise<void> {
    try {
      reader = kv.watch<[unknown, unknown]>([TOPOLOGY_KEY, AUDIT_KEY]).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        take(value[0]);
        audit = readAudit(value[1].value);
      }
    } catch (error) {
      if (!stopped) logger.warn("The watch for the topology ended: it begins again", { error });
    }
    if (!stopped) timer = clock.setTimeout(() => void follow(), retryInterval, { background: true });
  }

  void follow();
  return {
    get topology() {
      return topology;
    },
    get audit() {
      return audit;
    },
    [Symbol.dispose]() {
      stopped = true;
      timer?.cancel();
      void reader?.cancel().catch(() => {});
    },
  };
}
