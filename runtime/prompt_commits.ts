import { overrideKv } from "./override_kv.ts";
import { sampledTraceparent } from "./tracing.ts";
import { weigh } from "./weigh.ts";

/**
 * What an atomic operation is made of in both clients. A step is kept and given to whichever client commits.
 */
type Step = (operation: Steps) => unknown;
type Steps = Pick<Deno.AtomicOperation, "check" | "set" | "delete" | "sum" | "min" | "max">;

/** The part of a KV Connect client that writes. */
export interface KvWriter {
  atomic(): Steps & { commit(): Promise<Deno.KvCommitResult | Deno.KvCommitError> };
  close(): void;
}

/**
 * Deno 2.9.6's client sends a request's head and its content apart, over a connection that waits for the one to be
 * acknowledged before it sends the other: a write of more than about 1 kB then takes 44 ms on loopback with nothing else
 * under way (measured; denoland/deno#35581 is the same of `fetch`). Bytes from which a write takes the other way.
 */
const LARGE = 512;

/**
 * The same database, whose large writes go over `fetch` and so arrive at once, and so do all writes of a request whose
 * trace is recorded, since `fetch` tells the server of it. Everything else, and whatever `fetch` cannot deliver, goes the
 * way of Deno's own client, which reads faster and waits for a server that is away.
 *
 * @param kv opened by `Deno.openKv`
 * @param large a client of the same server that calls by `fetch`; closed with `kv`
 */
export function withPromptCommits(kv: Deno.Kv, large: KvWriter): Deno.Kv {
  const overrides: Partial<Deno.Kv> = {
    atomic: () => new SizedOperation(kv, large),
    async set(key, value, setOptions) {
      const result = await new SizedOperation(kv, large).set(key, value, setOptions).commit();
      if (!result.ok) throw new TypeError("Cannot set a value: the server refused a write without checks");
      return result;
    },
    close() {
      large.close();
      kv.close();
    },
    [Symbol.dispose]() {
      overrides.close?.();
    },
  };
  return overrideKv(kv, overrides);
}

/** An atomic operation that chooses its client by how large it has become. */
class SizedOperation implements Deno.AtomicOperation {
  readonly #small: Deno.Kv;
  readonly #large: KvWriter;
  readonly #steps: Step[] = [];
  #own: Deno.AtomicOperation | undefined;
  #bytes = 0;

  constructor(small: Deno.Kv, large: KvWriter) {
    this.#small = small;
    this.#large = large;
  }

  check(...checks: Deno.AtomicCheck[]): this {
    for (const { key } of checks) this.#bytes += weigh(key, LARGE) + 10;
    return this.#add((operation) => operation.check(...checks));
  }

  set(key: Deno.KvKey, value: unknown, options?: { expireIn?: number }): this {
    this.#bytes += weigh(key, LARGE) + weigh(value, LARGE);
    if (!isPlain(value) || key.some((part) => typeof part === "symbol")) this.#deno();
    return this.#add((operation) => operation.set(key, value, options));
  }

  delete(key: Deno.KvKey): this {
    this.#bytes += weigh(key, LARGE);
    return this.#add((operation) => operation.delete(key));
  }

  sum(key: Deno.KvKey, n: bigint): this {
    return this.#add((operation) => operation.sum(key, n));
  }

  min(key: Deno.KvKey, n: bigint): this {
    return this.#add((operation) => operation.min(key, n));
  }

  max(key: Deno.KvKey, n: bigint): this {
    return this.#add((operation) => operation.max(key, n));
  }

  /** Mutations may hold a `Deno.KvU64`, which the other client does not know. */
  mutate(...mutations: Deno.KvMutation[]): this {
    this.#deno().mutate(...mutations);
    return this;
  }

  enqueue(value: unknown, options?: Parameters<Deno.AtomicOperation["enqueue"]>[1]): this {
    this.#deno().enqueue(value, options);
    return this;
  }

  async commit(): Promise<Deno.KvCommitResult | Deno.KvCommitError> {
    const small = this.#bytes < LARGE && sampledTraceparent() === undefined;
    if (this.#own !== undefined || small) return await this.#deno().commit();
    const operation = this.#large.atomic();
    for (const step of this.#steps) step(operation);
    try {
      return await operation.commit();
    } catch {
      // The server is away, or refuses: Deno's client waits for it, or says why. To send a write again is what each of
      // the clients does by itself.
      return await this.#deno().commit();
    }
  }

  #add(step: Step): this {
    if (this.#own === undefined) this.#steps.push(step);
    else step(this.#own);
    return this;
  }

  #deno(): Deno.AtomicOperation {
    if (this.#own === undefined) {
      this.#own = this.#small.atomic();
      for (const step of this.#steps) step(this.#own);
    }
    return this.#own;
  }
}

/** Whether both clients write the value alike: text, numbers, bytes, and objects and arrays of these. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function";
  if (value instanceof Uint8Array) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}
