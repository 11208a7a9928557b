import { LRUCache } from "lru-cache";
import { lend, type PermitStore } from "./permit_store.ts";
import { UNUSED, type Usage } from "./sliding_window.ts";

/**
 * Permits of this process alone: for one gateway, for tests, and for as long as the shared store is away.
 *
 * @param options.capacity how many callers are remembered; the one not seen for longest is forgotten; default 100_000
 */
export function createLocalPermitStore(options: { capacity?: number } = {}): PermitStore {
  const { capacity = 100_000 } = options;
  const usages = new LRUCache<string, Usage>({ max: capacity });
  return {
    borrow(request) {
      const id = `${request.policy.name} ${request.key}`;
      const { loan, usage } = lend(usages.get(id) ?? UNUSED, request);
      usages.set(id, usage);
      return Promise.resolve(loan);
    },
  };
}
