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
  /** Any writer may overwrite it, and the last one counts: two plans that set it do not stand in each other's way. */
  readonly shared?: boolean;
}

/** Adds a plan to an atomic operation. */
export function addPlan(operation: Deno.AtomicOperation, plan: WritePlan): void {
  for (const { key, versionstamp } of plan.checks) operation.check({ key, versionstamp });
  for (const { key, value, expireIn } of plan.sets) {
    operation.set(key, value, expireIn === undefined ? {} : { expireIn });
  }
  for (const key of plan.deletes) operation.delete(key);
  for (const { status, by } of plan.counts) {
    operation.sum(keys.count(status), BigInt.asUintN(64, BigInt(by)));
  }
}

/**
 * Several plans as one: what they share is set once, counters are moved by what is left in sum, and of the checks on new
 * keys one is left.
 */
export function joinPlans(plans: readonly WritePlan[]): WritePlan {
  if (plans.length === 1 && plans[0] !== undefined) return plans[0];
  const checks: PlannedCheck[] = [];
  const sets: PlannedSet[] = [];
  const deletes: Deno.KvKey[] = [];
  const shared = new Map<string, PlannedSet>();
  const counts = new Map<TaskStatus, number>();
  let fresh = false;
  for (const plan of plans) {
    for (const check of plan.checks) {
      if (check.fresh !== true || !fresh) checks.push(check);
      fresh ||= check.fresh === true;
    }
    for (const set of plan.sets) {
      if (set.shared === true) shared.set(keyText(set.key), set);
      else sets.push(set);
    }
    deletes.push(...plan.deletes);
    for (const { status, by } of plan.counts) counts.set(status, (counts.get(status) ?? 0) + by);
  }
  return {
    checks,
    sets: [...sets, ...shared.values()],
    deletes,
    counts: [...counts].filter(([, by]) => by !== 0).map(([status, by]) => ({ status, by })),
  };
}

/** A key as text; different keys of numbers and strings have different texts. */
export function keyText(key: Deno.KvKey): string {
  return JSON.stringify(key);
}
