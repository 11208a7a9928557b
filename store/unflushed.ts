import type { ReadRange } from "@flotilla/runtime/kv_connect";
import { keyId } from "./key_id.ts";
import { isPoint } from "./table.ts";

/** Keys whose change is committed and on its way to the disk, by their {@linkcode keyId}. */
export class Unflushed {
  /** Settles when it is there, or known not to be; never rejects. */
  readonly settled: Promise<void>;
  readonly #ids: ReadonlySet<string>;

  constructor(ids: readonly string[], settled: Promise<void>) {
    this.settled = settled;
    this.#ids = new Set(ids);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Whether one of them lies in a range. */
  within({ start, end }: ReadRange): boolean {
    const first = keyId(start);
    if (isPoint(start, end)) return this.has(first);
    const after = keyId(end);
    for (const id of this.#ids) if (id >= first && id < after) return true;
    return false;
  }
}
