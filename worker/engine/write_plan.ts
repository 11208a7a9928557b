/** What one atomic write checks and changes, as data: so that several can be joined into one. */
export interface WritePlan {
  readonly checks: readonly PlannedCheck[];
  readonly sets: readonly PlannedSet[];
  readonly deletes: readonly Deno.KvKey[];
  /** Counters moved up or down. */
  readonly counts: readonly { readonly key: Deno.KvKey; readonly by: number }[];
}

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
  for (const { key, by } of plan.counts) operation.sum(key, BigInt.asUintN(64, BigInt(by)));
}

/**
 * Several plans as one: what they share is set once, counters are moved by what is left in sum, and of the checks on new
 * keys one is left.
 */
export function joinPlans(plans: readonly WritePlan[]): WritePlan {
  if (plans.length === 1 && plans[0] !== undefined) return plans[0];
  const checks = plans.flatMap((plan) => plan.checks);
  const fresh = checks.find((check) => check.fresh === true);
  const sets = plans.flatMap((plan) => plan.sets);
  const shared = new Map(sets.filter((set) => set.shared === true).map((set) => [keyText(set.key), set]));
  const counts = new Map<string, { key: Deno.KvKey; by: number }>();
  for (const { key, by } of plans.flatMap((plan) => plan.counts)) {
    counts.set(keyText(key), { key, by: (counts.get(keyText(key))?.by ?? 0) + by });
  }
  return {
    checks: checks.filter((check) => check.fresh !== true || check === fresh),
    sets: [...sets.filter((set) => set.shared !== true), ...shared.values()],
    deletes: plans.flatMap((plan) => plan.deletes),
    counts: [...counts.values()].filter(({ by }) => by !== 0),
  };
}

/** The keys that no other plan of the same atomic write may touch. */
export function ownKeys(plan: WritePlan): string[] {
  const set = plan.sets.filter(({ shared }) => shared !== true).map(({ key }) => key);
  return [...new Set([...plan.checks.map(({ key }) => key), ...set, ...plan.deletes].map(keyText))];
}

/** About how many bytes a plan takes. */
export function planSize(plan: WritePlan): number {
  return plan.sets.reduce((sum, { value }) => sum + 200 + weightOf(value), 0);
}

/** About how many bytes a value takes. */
export function weightOf(value: unknown): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 9;
  let bytes = 2;
  for (const name in value) {
    if (Object.hasOwn(value, name)) bytes += name.length + 2 + weightOf(Reflect.get(value, name));
  }
  return bytes;
}

/** A key as text; different keys of numbers and strings have different texts. */
export function keyText(key: Deno.KvKey): string {
  return JSON.stringify(key);
}
