import { setImmediate } from "node:timers";
import { readKeys } from "./read_keys.ts";
import { addPlans, type WritePlan } from "./write_plan.ts";
import { CHECK_LIMIT, LEAST_CHECK_LIMIT, WriteSize } from "./write_size.ts";

/**
 * Writes under way at once; what comes meanwhile is gathered. Were all in one, those who wait for them would all go on at once
 * and come back together, and this process and the store would take turns; so the store has one share while the other is made.
 */
const LEAST_IN_FLIGHT = 2;
/** A write costs the store something whatever it holds: more of them at once are smaller. */
const MOST_IN_FLIGHT = 4;
/** So much is written together, however much could be written beside it. */
const LEAST_SHARE = 32;
/** Beyond this a write keeps the store for milliseconds, and all who wait for it: then more are under way. */
const LARGE_SHARE = 128;

interface Waiting {
  readonly plan: WritePlan;
  readonly settle: PromiseWithResolvers<string | undefined>;
}

/**
 * Commits plans, several in one atomic write when they come faster than the store commits, as databases do with their
 * logs. A lone plan waits for no other. When a joined write fails on a check, the plans whose checks fail are told apart, and
 * when it is refused, each is written by itself: one plan's failure is never another one's.
 *
 * Plans that check the same key are never joined.
 */
export class GroupWriter {
  readonly #kv: Deno.Kv;
  readonly #waiting: Waiting[] = [];
  #inFlight = 0;
  /** What the plans weigh that wait, and those that are being written. */
  readonly #weight = { waiting: 0, writing: 0 };
  #scheduled = false;
  /** Goes down when the server says that it takes no more than it must. */
  #checkLimit = CHECK_LIMIT;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** The version that the plan was written under, or `undefined` when a check failed. */
  commit(plan: WritePlan): Promise<string | undefined> {
    const settle = Promise.withResolvers<string | undefined>();
    this.#waiting.push({ plan, settle });
    this.#weight.waiting += weightOf(plan);
    this.#schedule();
    return settle.promise;
  }

  /** How many checks one atomic write takes. */
  get mostChecks(): number {
    return this.#checkLimit;
  }

  /**
   * After all that this turn of the event loop brings, and what follows from it in the next: so the outcomes of runs are
   * written together, and with the claim of those that take their places.
   */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() =>
      setImmediate(() => {
        this.#scheduled = false;
        this.#next();
      })
    );
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const { waiting, writing } = this.#weight;
      const { writes, share } = sharesOf(waiting + writing);
      if (this.#inFlight >= writes) return;
      const { batch, weight } = this.#gather(share);
      this.#inFlight++;
      this.#weight.waiting -= weight;
      this.#weight.writing += weight;
      void this.#write(batch).finally(() => {
        this.#inFlight--;
        this.#weight.writing -= weight;
        if (this.#waiting.length > 0) this.#schedule();
      });
    }
  }

  /** Takes what may be written together, up to a share of it, in the order of its coming. */
  #gather(share: number): { readonly batch: readonly Waiting[]; readonly weight: number } {
    const batch: Waiting[] = [];
    let weight = 0;
    const touched = new Set<Deno.KvKeyPart | undefined>();
    const size = new WriteSize(this.#checkLimit);
    for (const next of this.#waiting) {
      if (weight >= share) break;
      const fits = size.add(next.plan) && !touches(next.plan, touched);
      if (batch.length > 0 && !fits) break;
      for (const { key, fresh } of next.plan.checks) if (fresh !== true) touched.add(key.at(-1));
      batch.push(next);
      weight += weightOf(next.plan);
    }
    this.#waiting.splice(0, batch.length);
    return { batch, weight };
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      const done = await this.#commit(batch.map(({ plan }) => plan));
      if (done !== undefined || batch.length === 1) {
        return batch.forEach(({ settle }) => settle.resolve(done));
      }
    } catch (error) {
      const refused = isRefusal(error);
      if (refused && this.#hasManyChecks(batch)) this.#checkLimit = LEAST_CHECK_LIMIT;
      if (batch.length === 1 || !refused) return batch.forEach(({ settle }) => settle.reject(error));
    }
    await this.#writeApart(batch);
  }

  /**
   * Whose checks fail is not told: it is read. Those plans have failed, and the others are written together once more.
   * Where none has failed by what was read, each is judged by the database alone.
   */
  async #writeApart(batch: readonly Waiting[]): Promise<void> {
    const failed = await this.#failing(batch).catch(() => new Set<Waiting>());
    const others = batch.filter((waiting) => !failed.has(waiting));
    if (failed.size > 0) {
      failed.forEach(({ settle }) => settle.resolve(undefined));
      if (others.length > 0) await this.#write(others);
      return;
    }
    await Promise.all(batch.map((waiting) => this.#write([waiting])));
  }

  async #failing(batch: readonly Waiting[]): Promise<Set<Waiting>> {
    const checks = batch.flatMap((waiting) => waiting.plan.checks.map((check) => ({ waiting, ...check })));
    const found = await readKeys(this.#kv, checks.map(({ key }) => key));
    const failing = checks.filter(({ versionstamp }, index) => found[index]?.versionstamp !== versionstamp);
    return new Set(failing.map(({ waiting }) => waiting));
  }

  /** Whether a write has more checks than every server takes. */
  #hasManyChecks(batch: readonly Waiting[]): boolean {
    const size = new WriteSize(LEAST_CHECK_LIMIT);
    return !batch.every(({ plan }) => size.add(plan));
  }

  async #commit(plans: readonly WritePlan[]): Promise<string | undefined> {
    const operation = this.#kv.atomic();
    addPlans(operation, plans);
    const done = await operation.commit();
    return done.ok ? done.versionstamp : undefined;
  }
}

/** How many writes should be under way of what weighs so much in all, and what each should weigh. */
export function sharesOf(weight: number): { readonly writes: number; readonly share: number } {
  const wanted = Math.ceil(weight / LARGE_SHARE);
  const writes = Math.min(MOST_IN_FLIGHT, Math.max(LEAST_IN_FLIGHT, wanted));
  return { writes, share: Math.max(LEAST_SHARE, Math.ceil(weight / writes)) };
}

/** How much work a plan is: a claim of thirty tasks as much as the outcomes of thirty. */
function weightOf({ checks }: WritePlan): number {
  return Math.max(1, checks.length);
}

/**
 * Whether a plan checks a key that another one checks, or may do so: keys are told apart by their last part, which is an id in
 * nearly all. A fresh key is nobody else's.
 */
function touches({ checks }: WritePlan, touched: ReadonlySet<Deno.KvKeyPart | undefined>): boolean {
  for (const { key, fresh } of checks) if (fresh !== true && touched.has(key.at(-1))) return true;
  return false;
}

/**
 * Whether a write was refused for what it is: one plan of it may be larger than any server takes, or all together have more
 * parts than this server does.
 */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && /\b4\d\d\b|too (many|large)|checks/i.test(error.message);
}
