import { keys } from "./keys.ts";
import type { LaneName } from "./lanes.ts";
import { keyText } from "./write_plan.ts";

/** How many tasks may run at once over all workers. */
export interface PermitLimits {
  /** By kind. */
  readonly kinds: ReadonlyMap<string, number>;
  /** For each owner. @default no limit */
  readonly perOwner?: number | undefined;
}

interface Scope {
  readonly prefix: Deno.KvKey;
  readonly limit: number;
}

/**
 * Places for tasks of which only so many may run at once. A place is a key that a claim must find free and takes in the
 * same atomic write, and that every way out of running gives back; so the limit is exact over all workers, and a lost
 * worker leaks none.
 */
export class Permits {
  readonly #kv: Deno.Kv;
  readonly #limits: PermitLimits;
  /** Places that claims of this process are about to take. */
  readonly #pending = new Set<string>();
  /** Scopes that had no place left when they were last looked at. */
  readonly #full = new Set<string>();

  /** @throws {RangeError} when a limit is not at least 1 */
  constructor(kv: Deno.Kv, limits: PermitLimits) {
    for (const limit of [...limits.kinds.values(), limits.perOwner ?? 1]) {
      if (!Number.isInteger(limit) || limit < 1) {
        throw new RangeError(`Cannot limit tasks: a limit must be a whole number from 1, got ${limit}`);
      }
    }
    this.#kv = kv;
    this.#limits = limits;
  }

  /** Whether only so many of a lane's tasks may run at once. */
  limits({ kind }: LaneName): boolean {
    return this.#limits.perOwner !== undefined || this.#limits.kinds.has(kind);
  }

  /** Whether a lane's tasks could not run when this was last looked at. */
  isFull(lane: LaneName): boolean {
    return this.#full.size > 0 && this.#scopes(lane).some(({ prefix }) => this.#full.has(keyText(prefix)));
  }

  /** A place may have come free. */
  forget(): void {
    this.#full.clear();
  }

  /** The places for one more task, or `undefined` when there are none. They are held until `settle`. */
  async find(lane: LaneName): Promise<readonly Deno.KvKey[] | undefined> {
    const found: Deno.KvKey[] = [];
    for (const scope of this.#scopes(lane)) {
      const place = await this.#place(scope);
      if (place === undefined) {
        this.#full.add(keyText(scope.prefix));
        this.settle(found);
        return undefined;
      }
      this.#pending.add(keyText(place));
      found.push(place);
    }
    return found;
  }

  /** The claim that wanted these places was made, or was refused. */
  settle(places: readonly Deno.KvKey[]): void {
    for (const place of places) this.#pending.delete(keyText(place));
  }

  #scopes({ owner, kind }: LaneName): Scope[] {
    const { kinds, perOwner } = this.#limits;
    const limit = kinds.get(kind);
    return [
      ...(limit === undefined ? [] : [{ prefix: keys.permits("kind", kind), limit }]),
      ...(perOwner === undefined ? [] : [{ prefix: keys.permits("owner", owner), limit: perOwner }]),
    ];
  }

  async #place({ prefix, limit }: Scope): Promise<Deno.KvKey | undefined> {
    const taken = new Set<string>();
    for await (const { key } of this.#kv.list({ prefix })) taken.add(keyText(key));
    for (let number = 0; number < limit; number++) {
      const place = [...prefix, number];
      if (!taken.has(keyText(place)) && !this.#pending.has(keyText(place))) return place;
    }
    return undefined;
  }
}
