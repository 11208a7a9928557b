import { brokenSessions, describeStale, staleReads } from "./freshness.ts";
import { byKey, describe, type History, type Operation } from "./history.ts";
import { checkLinearizable } from "./linearizability.ts";

/** What is promised. */
export interface Promises {
  /** Milliseconds that a read may be out of date when it did not ask for more. @default 0 */
  stalenessBound?: number;
}

/** Something in a history that breaks a promise. */
export interface Violation {
  readonly promise: "linearizable" | "fresh" | "session" | "decided";
  readonly key: string;
  /** What was seen, in words. */
  readonly detail: string;
}

/** What of the longest explanation is shown. */
const SHOWN = 6;

/**
 * Everything in the history that breaks a promise: each record linearizable by the reads that do not take stale values,
 * no read older than it may be, each client seeing its own writes and never going back. That no acknowledged write is
 * lost follows from the first.
 */
export function checkHistory(history: History, promises: Promises = {}): Violation[] {
  const { stalenessBound = 0 } = promises;
  return [...byKey(history)].flatMap(([key, operations]) => [
    ...linearizability(key, operations),
    ...staleReads(operations, { bound: stalenessBound })
      .map((stale) => ({ promise: "fresh" as const, key, detail: describeStale(stale) })),
    ...brokenSessions(operations)
      .map((stale) => ({ promise: "session" as const, key, detail: describeStale(stale) })),
  ]);
}

function linearizability(key: string, operations: readonly Operation[]): Violation[] {
  const verdict = checkLinearizable(operations);
  switch (verdict.kind) {
    case "linearizable":
      return [];
    case "undecided":
      return [{ promise: "decided", key, detail: `No verdict after ${verdict.steps} steps` }];
    case "violation": {
      const explained = verdict.explained.slice(-SHOWN).map(describe).join("\n  ");
      const stuck = verdict.stuck.slice(0, SHOWN).map(describe).join("\n  ");
      const detail = `After\n  ${explained || "nothing"}\nnone of these can come next:\n  ${stuck}`;
      return [{ promise: "linearizable", key, detail }];
    }
  }
}
