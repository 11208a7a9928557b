import { keys } from "./keys.ts";
import type { TaskStatus } from "./task_state.ts";

/**
 * What one atomic write checks and changes, as data: so that several can be joined into one. What a plan changes is guarded
 * by its checks, or is nobody else's.
 */
export interface WritePlan {
  readonly checks: readonly PlannedCheck[];
  readonly sets: readonly PlannedSet[];
  readonly deletes: readonly Deno.KvKey[];
  /** How many tasks more, or fewer, have each status. */
  readonly counts: readonly { readonly status: TaskStatus; readonly by: number }[];
}

/** A plan that does nothing yet. */
export const NO_CHANGE: WritePlan = { checks: [], sets: [], deletes: [], counts: [] };

/** What must stand under a key. */
export interface PlannedCheck extends Deno.AtomicCheck {
  /**
   * The key is new, and nobody else knows it: the check fails only when this very write was applied before. Of several
   * plans that are applied together one such check is enough.
   */
  readonly fresh?: boolean;
}

/** A value to be set. */
export interface PlannedSet {
  readonly key: Deno.KvKey;
  readonly value: unknown;
  /** Milliseconds. */
  readonly expireIn?: number;
  /**
   * Any writer may overwrite it, and the last one counts: plans that set it do not stand in each other's way. Text that is the
   * same for all that set this key.
   */
  readonly shared?: string;
}

/**
 * Adds plans to an atomic operation as one: what they share is set once, counters are moved by what is left in sum, and of the
 * checks on new keys one is left.
 */
export function addPlans(operation: Deno.AtomicOperation, plans: readonly WritePlan[]): void {
  const shared = new Map<string, PlannedSet>();
  const counts = new Map<TaskStatus, number>();
  let fresh = false;
  for (const plan of plans) {
    for (const check of plan.checks) {
      if (check.fresh !== true || !fresh) operation.check(check);
      fresh ||= check.fresh === true;
    }
    for (const set of plan.sets) {
      if (set.shared === undefined) addSet(operation, set);
      else shared.set(set.shared, set);
    }
    for (const key of plan.deletes) operation.delete(key);
    for (const { status, by } of plan.counts) counts.set(status, (counts.get(status) ?? 0) + by);
  }
  for (const set of shared.values()) addSet(operation, set);
  for (const [status, by] of counts) {
    if (by !== 0) operation.sum(keys.count(status), BigInt.asUintN(64, BigInt(by)));
  }
}

function addSet(operation: Deno.AtomicOperation, { key, value, expireIn }: PlannedSet): void {
  if (expireIn === undefined) operation.set(key, value);
  else operation.set(key, value, { expireIn });
}

/** Several plans as one. */
export function joinPlans(plans: readonly WritePlan[]): WritePlan {
  return {
    checks: plans.flatMap(({ checks }) => checks),
    sets: plans.flatMap(({ sets }) => sets),
    deletes: plans.flatMap(({ deletes }) => deletes),
    counts: plans.flatMap(({ counts }) => counts),
  };
}

/** A key as text; different keys of numbers and strings have different texts. */
export function keyText(key: Deno.KvKey): string {
  return JSON.stringify(key);
}
