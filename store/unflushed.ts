import type { ReadRange } from "@flotilla/runtime/kv_connect";
import { keyId } from "./key_id.ts";
import { isPoint } from "./table.ts";

/** Keys whose change is committed and not on the disk yet, by their {@linkcode keyId}. */
export class Unflushed {
  readonly #ids = new Set<string>();

  add(ids: readonly string[]): void {
    for (const id of ids) this.#ids.add(id);
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
