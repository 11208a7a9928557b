import { ASSERTION_HEADER, type AssertionSigner, createAssertionSigner, RIGHTS } from "@flotilla/auth/verify";
import { createService, type Service } from "@flotilla/service";
import { FaultyKv } from "./faulty_kv.ts";
import { seededRandom } from "@flotilla/runtime";
import type { Reply, Send } from "./workload.ts";

const KEY = "an internal key of 32 characters";

/** How {@linkcode MemorySystem} misbehaves. */
export interface MemorySystemOptions {
  /** The same number makes the same choices, though not the same interleaving. */
  seed: number;
  /** What the services see of the database: a test breaks it on purpose. @default the database */
  wrapDatabase?: (kv: Deno.Kv) => Deno.Kv;
  /** What the services see of the cache. @default the cache */
  wrapCache?: (kv: Deno.Kv) => Deno.Kv;
}

/**
 * Two services over one database and one cache in this process, with everything that goes wrong between processes:
 * operations take their time, commits are sent twice, answers are lost and the request sent again to the other service,
 * the cache fails for a while, and services are replaced by new ones.
 */
export class MemorySystem implements Disposable {
  readonly #database: Deno.Kv;
  readonly #cache: Deno.Kv;
  readonly #seen: { database: Deno.Kv; cache: Deno.Kv };
  readonly #faults: FaultyKv;
  readonly #random: () => number;
  readonly #signer: AssertionSigner = createAssertionSigner({ key: KEY, issuer: "test" });
  readonly #services: Service[];
  #spans = 0;

  private constructor(database: Deno.Kv, cache: Deno.Kv, options: MemorySystemOptions) {
    const { seed, wrapDatabase = (kv) => kv, wrapCache = (kv) => kv } = options;
    this.#random = seededRandom(seed);
    this.#database = database;
    this.#cache = cache;
    this.#faults = new FaultyKv(this.#random);
    this.#seen = {
      database: wrapDatabase(this.#faults.database(database)),
      cache: wrapCache(this.#faults.cache(cache)),
    };
    this.#services = [this.#start(0), this.#start(1)];
  }

  static async start(options: MemorySystemOptions): Promise<MemorySystem> {
    return new MemorySystem(await Deno.openKv(":memory:"), await Deno.openKv(":memory:"), options);
  }

  /** Sends a request as a balancer does: to one service, and to the other one when no answer comes. */
  send: Send = async (_client, { method, path, headers, json }) => {
    const request = {
      method,
      headers: {
        ...headers,
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        [ASSERTION_HEADER]: await this.#sign(),
        traceparent: `00-0af7651916cd43dd8448eb211c80319c-${
          (++this.#spans).toString(16).padStart(16, "0")
        }-01`,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    };
    const first = this.#random() < 0.5 ? 0 : 1;
    const answer = await this.#call(first, path, request);
    if (this.#random() >= 0.03) return answer;
    return await this.#call(1 - first, path, request);
  };

  /** Makes something go wrong. */
  disturb(): void {
    const dice = this.#random();
    if (dice < 0.5) {
      const index = dice < 0.25 ? 0 : 1;
      this.#services[index] = this.#start(index);
    } else this.#faults.cacheFails = !this.#faults.cacheFails;
  }

  [Symbol.dispose](): void {
    this.#database.close();
    this.#cache.close();
  }

  #start(index: number): Service {
    return createService({ ...this.#seen, internalKey: KEY, instance: `service_${index + 1}` });
  }

  #sign(): Promise<string> {
    const principal = {
      role: "admin",
      rights: RIGHTS.admin,
      session: "s",
      tokenId: "t",
      expires: 4e9,
    } as const;
    return this.#signer.sign({ kind: "user", principal: { subject: "root", ...principal } });
  }

  async #call(index: number, path: string, init: RequestInit): Promise<Reply> {
    const service = this.#services[index];
    if (service === undefined) {
      throw new RangeError(`Cannot call the service: there is none with index ${index}`);
    }
    const response = await service.fetch(new Request(`http://service${path}`, init));
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
  }
}
