import { z } from "zod";
import { lend, type Loan, type LoanRequest, type PermitStore } from "./permit_store.ts";
import { UNUSED, type Usage } from "./sliding_window.ts";

const usageSchema: z.ZodType<Usage> = z.object({
  index: z.number(),
  current: z.number(),
  previous: z.number(),
});

/** Writers to one key of which one wins each round: many more gateways than this at once would be a surprise. */
const ROUNDS = 16;

/** The permits of one caller were changed by others each time that this gateway tried. */
export class PermitContentionError extends Error {
  override readonly name = "PermitContentionError";
}

/**
 * Permits that all gateways with this database share. A loan is one read and one checked write, so that no permit is
 * lent twice; a write that a broken connection applies twice or late fails its check.
 *
 * What a database of the kind that may forget (a cache) forgets is a caller's use in the last two windows.
 *
 * {@linkcode PermitStore.borrow} throws {@linkcode PermitContentionError} when others were always faster, and what
 * the database throws.
 */
export function createKvPermitStore(kv: Deno.Kv): PermitStore {
  async function tryBorrow(request: LoanRequest): Promise<Loan | undefined> {
    const { policy, key } = request;
    const path = ["gateway", "limits", policy.name, key];
    const entry = await kv.get(path);
    const known = usageSchema.safeParse(entry.value);
    const { loan, usage } = lend(known.success ? known.data : UNUSED, request);
    if (loan.granted === 0) return loan;
    const { ok } = await kv.atomic().check(entry)
      .set(path, usage, { expireIn: 2 * policy.window }).commit();
    return ok ? loan : undefined;
  }

  return {
    async borrow(request) {
      for (let round = 0; round < ROUNDS; round++) {
        const loan = await tryBorrow(request);
        if (loan !== undefined) return loan;
      }
      throw new PermitContentionError(`Cannot borrow permits: others were faster ${ROUNDS} times`);
    },
  };
}
