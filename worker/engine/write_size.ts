import { MAX_CHECKS } from "@flotilla/runtime";
import { TASK_STATUSES } from "./task_state.ts";
import type { PlannedSet, WritePlan } from "./write_plan.ts";

/** Checks in one atomic write: as many as Deno KV takes, and what every KV Connect server does. */
export const [CHECK_LIMIT, LEAST_CHECK_LIMIT] = [MAX_CHECKS, 10];
/** Changes in one atomic write, well below the 1,000 of the protocol and the 81,920 bytes of keys. */
const CHANGE_LIMIT = 400;
/** Bytes in one atomic write, well below the 819,200 of the protocol. */
const SIZE_LIMIT = 400_000;
/** Bytes that a change takes beside a value of bytes. */
const CHANGE_BYTES = 200;

/** Sums up what plans take that are to be one atomic write. */
export class WriteSize {
  readonly #checkLimit: number;
  /** One check stands for all on new keys. */
  #checks = 1;
  /** Counters are few, whoever moves them. */
  #changes = TASK_STATUSES.length;
  #bytes = 0;
  readonly #shared = new Set<string>();

  constructor(checkLimit: number) {
    this.#checkLimit = checkLimit;
  }

  /** Adds a plan, and says whether all added so far fit into one write. */
  add({ checks, sets, deletes }: WritePlan): boolean {
    for (const { fresh } of checks) if (fresh !== true) this.#checks++;
    this.#changes += deletes.length;
    for (const set of sets) if (this.#isNew(set)) this.#addSet(set);
    return this.#checks <= this.#checkLimit && this.#changes <= CHANGE_LIMIT && this.#bytes <= SIZE_LIMIT;
  }

  /** What plans share is set once. */
  #isNew({ shared }: PlannedSet): boolean {
    if (shared === undefined) return true;
    if (this.#shared.has(shared)) return false;
    this.#shared.add(shared);
    return true;
  }

  #addSet({ value }: PlannedSet): void {
    this.#changes++;
    this.#bytes += CHANGE_BYTES + (value instanceof Uint8Array ? value.length : 0);
  }
}

/** Whether a value is larger than one may be in Deno KV, whoever keeps it: its client says so before it calls a server. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof TypeError && error.message.startsWith("Value too large");
}
