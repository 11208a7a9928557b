/** A database that can be cut off, as from a worker that is frozen or behind a broken network. */
export interface PartitionedKv {
  readonly kv: Deno.Kv;
  /** While true, every read and write fails. */
  cut: boolean;
}

const CUT = new Set(["get", "getMany", "list", "set", "delete"]);

/** The same database, until it is cut off. */
export function partitionedKv(kv: Deno.Kv): PartitionedKv {
  const failure = () => new Error("The database cannot be reached");
  const state: PartitionedKv = {
    cut: false,
    kv: new Proxy(kv, {
      get(target, name) {
        if (name === "atomic") return () => cutAtomic(target, () => state.cut, failure);
        const own: unknown = Reflect.get(target, name, target);
        if (typeof own !== "function") return own;
        if (typeof name === "string" && CUT.has(name) && state.cut) {
          return () => {
            throw failure();
          };
        }
        return own.bind(target);
      },
    }),
  };
  return state;
}

function cutAtomic(kv: Deno.Kv, isCut: () => boolean, failure: () => Error): Deno.AtomicOperation {
  const operation = kv.atomic();
  const commit = operation.commit.bind(operation);
  operation.commit = () => isCut() ? Promise.reject(failure()) : commit();
  return operation;
}
