import type { Message, WriteOutcome } from "./messages.ts";
import { encodeValue, type StoredValue } from "./stored_value.ts";
import { type MutationType, WriteMessage } from "./write_message.ts";

/** Sends a write. */
export type Commit = (message: Message) => Promise<WriteOutcome>;

/** Stands for the versionstamp of the commit at the end of a key. */
export const COMMIT_VERSIONSTAMP: unique symbol = Symbol("KvCommitVersionstamp");

/** An atomic write under construction. Keys and values are taken as they are when it is told of them. */
export class AtomicOperation implements Deno.AtomicOperation {
  readonly #commit: Commit;
  readonly #now: () => number;
  readonly #message = new WriteMessage();

  constructor(commit: Commit, now: () => number) {
    this.#commit = commit;
    this.#now = now;
  }

  check(...checks: Deno.AtomicCheck[]): this {
    for (const { key, versionstamp } of checks) this.#message.check(key, versionstamp);
    return this;
  }

  mutate(...mutations: Deno.KvMutation[]): this {
    for (const mutation of mutations) {
      switch (mutation.type) {
        case "set":
          this.#set(mutation.key, encodeValue(mutation.value), mutation.expireIn);
          break;
        case "delete":
          this.delete(mutation.key);
          break;
        case "sum":
        case "min":
        case "max":
          this.#add(mutation.key, mutation.type, encodeValue(mutation.value));
          break;
        default:
          throw new TypeError("Invalid mutation type");
      }
    }
    return this;
  }

  sum(key: Deno.KvKey, n: bigint): this {
    return this.#add(key, "sum", encodeValue(new Deno.KvU64(n)));
  }

  min(key: Deno.KvKey, n: bigint): this {
    return this.#add(key, "min", encodeValue(new Deno.KvU64(n)));
  }

  max(key: Deno.KvKey, n: bigint): this {
    return this.#add(key, "max", encodeValue(new Deno.KvU64(n)));
  }

  set(key: Deno.KvKey, value: unknown, options?: { expireIn?: number }): this {
    return this.#set(key, encodeValue(value), options?.expireIn);
  }

  delete(key: Deno.KvKey): this {
    return this.#add(key, "delete", undefined);
  }

  /** @throws {TypeError} always: KV Connect has no queues */
  enqueue(): this {
    throw new TypeError("Cannot enqueue: a KV Connect server has no queues");
  }

  async commit(): Promise<Deno.KvCommitResult | Deno.KvCommitError> {
    this.#message.assertWritable();
    const outcome = await this.#commit(this.#message);
    if (outcome.type === "conflict") return { ok: false };
    return { ok: true, versionstamp: outcome.versionstamp };
  }

  #set(key: Deno.KvKey, value: StoredValue, expireIn: number | undefined): this {
    const expireAt = expireIn === undefined ? 0 : this.#expiry(expireIn);
    const last: unknown = key.at(-1);
    if (last === COMMIT_VERSIONSTAMP) {
      return this.#add(key.slice(0, -1), "setSuffixVersionstampedKey", value, expireAt);
    }
    return this.#add(key, "set", value, expireAt);
  }

  #expiry(expireIn: number): number {
    if (!(expireIn >= 0)) throw new TypeError(`Cannot set: expireIn must not be negative, got ${expireIn}`);
    return Math.floor(this.#now() + expireIn);
  }

  #add(key: Deno.KvKey, type: MutationType, value: StoredValue | undefined, expireAt = 0): this {
    this.#message.mutate(key, { type, value, expireAt });
    return this;
  }
}
