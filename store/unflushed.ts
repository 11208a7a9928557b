import { Buffer } from "node:buffer";
import type { ReadRange } from "@flotilla/runtime/kv_connect";
import { keyId } from "./key_id.ts";
import { isPoint } from "./table.ts";

/** Keys whose change is committed and on its way to the disk. */
export class Unflushed {
  /** Settles when it is there, or known not to be; never rejects. */
  readonly settled: Promise<void>;
  readonly #keys: readonly Uint8Array[];
  readonly #ids: ReadonlySet<string>;

  constructor(keys: readonly Uint8Array[], settled: Promise<void>) {
    this.settled = settled;
    this.#keys = keys;
    this.#ids = new Set(keys.map(keyId));
  }

  has(key: Uint8Array): boolean {
    return this.#ids.has(keyId(key));
  }

  /** Whether one of them lies in a range. */
  within({ start, end }: ReadRange): boolean {
    if (isPoint(start, end)) return this.has(start);
    return this.#keys.some((key) => Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0);
  }
}
