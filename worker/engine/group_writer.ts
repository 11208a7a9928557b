import { addPlan, joinPlans, ownKeys, planSize, type WritePlan } from "./write_plan.ts";

/** Checks that any KV Connect server takes in one atomic write. */
const CHECK_LIMIT = 10;
/** Bytes in one atomic write, well below the 819,200 of the protocol. */
const SIZE_LIMIT = 400_000;
/** Writes under way at once; what comes meanwhile is gathered. */
const IN_FLIGHT = 2;

interface Waiting {
  readonly plan: WritePlan;
  readonly keys: readonly string[];
  readonly size: number;
  readonly settle: PromiseWithResolvers<string | undefined>;
}

/**
 * Commits plans, several in one atomic write when they come faster than the store commits, as databases do with their
 * logs. A lone plan is written at once. When a joined write fails on a check, whichever it was, each plan is written by
 * itself: one plan's failure is never another one's.
 *
 * Plans that touch the same keys are never joined, except for keys that are marked as shared.
 */
export class GroupWriter {
  readonly #kv: Deno.Kv;
  readonly #waiting: Waiting[] = [];
  #inFlight = 0;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** The version that the plan was written under, or `undefined` when a check failed. */
  commit(plan: WritePlan): Promise<string | undefined> {
    const settle = Promise.withResolvers<string | undefined>();
    this.#waiting.push({ plan, keys: ownKeys(plan), size: planSize(plan), settle });
    this.#next();
    return settle.promise;
  }

  #next(): void {
    while (this.#inFlight < IN_FLIGHT && this.#waiting.length > 0) {
      this.#inFlight++;
      void this.#write(this.#gather()).finally(() => {
        this.#inFlight--;
        this.#next();
      });
    }
  }

  /** Takes what may be written together, in the order of its coming. */
  #gather(): Waiting[] {
    const batch: Waiting[] = [];
    const touched = new Set<string>();
    let checks = 0;
    let size = 0;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      checks += next.plan.checks.length;
      size += next.size;
      const fits = checks <= CHECK_LIMIT && size <= SIZE_LIMIT && !next.keys.some((key) => touched.has(key));
      if (batch.length > 0 && !fits) break;
      for (const key of next.keys) touched.add(key);
      batch.push(next);
      this.#waiting.shift();
    }
    return batch;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      const done = await this.#commit(joinPlans(batch.map(({ plan }) => plan)));
      if (done !== undefined || batch.length === 1) {
        return batch.forEach(({ settle }) => settle.resolve(done));
      }
    } catch (error) {
      return batch.forEach(({ settle }) => settle.reject(error));
    }
    await Promise.all(batch.map(async ({ plan, settle }) => {
      try {
        settle.resolve(await this.#commit(plan));
      } catch (error) {
        settle.reject(error);
      }
    }));
  }

  async #commit(plan: WritePlan): Promise<string | undefined> {
    const operation = this.#kv.atomic();
    addPlan(operation, plan);
    const done = await operation.commit();
    return done.ok ? done.versionstamp : undefined;
  }
}
