/** What happens to the next atomic write. */
export type Loss =
  | "none"
  /** As when a KV client sends a write again whose answer was lost: the second try fails on its check. */
  | "applied, said to have failed"
  | "applied, never answered"
  | "lost";

/** A database whose writes go wrong when they are told to. */
export interface LossyKv {
  readonly kv: Deno.Kv;
  /** What happens to the next write; then `none` again. */
  next: Loss;
}

/** A time-out of the database. */
export class LostAnswerError extends Error {
  override readonly name = "LostAnswerError";
}

/** The same database, but writes may be lost, or their answers. */
export function lossyKv(kv: Deno.Kv): LossyKv {
  const lossy: LossyKv = {
    next: "none",
    kv: new Proxy(kv, {
      get(target, name) {
        if (name === "atomic") return () => lossyAtomic(target, lossy);
        const own: unknown = Reflect.get(target, name, target);
        return typeof own === "function" ? own.bind(target) : own;
      },
    }),
  };
  return lossy;
}

function lossyAtomic(kv: Deno.Kv, lossy: { next: Loss }): Deno.AtomicOperation {
  const operation = kv.atomic();
  const commit = operation.commit.bind(operation);
  operation.commit = async () => {
    const loss = lossy.next;
    lossy.next = "none";
    if (loss === "lost") throw new LostAnswerError("The write was lost");
    const done = await commit();
    if (loss === "applied, never answered") throw new LostAnswerError("The answer was lost");
    return loss === "applied, said to have failed" ? { ok: false } : done;
  };
  return operation;
}
