import { type Clock, sleep, systemClock } from "@flotilla/runtime";
import { z } from "zod";

/** How a balancer has an upstream. */
const upstreamSchema = z.object({
  id: z.string(),
  url: z.string(),
  inRotation: z.boolean(),
  draining: z.boolean(),
  weight: z.number(),
  inFlight: z.number(),
});
const snapshotSchema = z.object({ upstreams: z.array(upstreamSchema) });
const problemSchema = z.object({ detail: z.string() });

/** How a balancer has an upstream. */
export type BalancedUpstream = z.infer<typeof upstreamSchema>;

/** A balancer did not do what it was told. */
export class BalancerError extends Error {
  override readonly name = "BalancerError";
}

/** What {@linkcode BalancerClient} works with. */
export interface BalancerClientOptions {
  /** The balancer's name, for errors. */
  name: string;
  /** Where it takes orders. */
  origin: string;
  /** What it takes them with. */
  token: string;
  /** @default `fetch` */
  fetch?: (request: Request) => Promise<Response>;
  /** Milliseconds for which it is asked again while it does not answer: one that has died is back by then. @default 10_000 */
  patience?: number;
  /** @default {@linkcode systemClock} */
  clock?: Clock;
}

/** Milliseconds that one answer may take. */
const TIMEOUT = 3_000;
/** Milliseconds until it is asked again. */
const RETRY_INTERVAL = 100;

/**
 * Gives a balancer orders over its admin API. Every order may be given twice: one that was carried out and whose answer was
 * lost is no failure the second time.
 *
 * Methods throw {@linkcode BalancerError} when it refuses, or does not answer for so long.
 */
export class BalancerClient {
  readonly name: string;
  readonly #options: Required<BalancerClientOptions>;

  constructor(options: BalancerClientOptions) {
    this.name = options.name;
    this.#options = { fetch: (request) => fetch(request), patience: 10_000, clock: systemClock, ...options };
  }

  /** All upstreams as it has them. */
  async upstreams(): Promise<BalancedUpstream[]> {
    const response = await this.#send("GET", "/snapshot");
    return snapshotSchema.parse(await response.json()).upstreams;
  }

  /** Lets an upstream join. */
  async add(url: string): Promise<void> {
    await this.#order("POST", "/upstreams", { json: { url }, done: 409 });
  }

  /** Takes an upstream away; it finishes what it has. */
  async remove(id: string): Promise<void> {
    await this.#order("DELETE", placeOf(id), { done: 404 });
  }

  /** Sends an upstream no new requests. */
  async drain(id: string): Promise<void> {
    await this.#order("POST", `${placeOf(id)}/drain`);
  }

  /** Sends an upstream requests again. */
  async resume(id: string): Promise<void> {
    await this.#order("POST", `${placeOf(id)}/resume`);
  }

  /** Gives an upstream a share of the load. */
  async weigh(id: string, weight: number): Promise<void> {
    await this.#order("PATCH", placeOf(id), { json: { weight } });
  }

  /** @param more.done the status by which the balancer says that this was done before */
  async #order(method: string, path: string, more: { json?: unknown; done?: number } = {}): Promise<void> {
    const response = await this.#send(method, path, more.json);
    const text = await response.text();
    if (response.ok || response.status === more.done) return;
    throw new BalancerError(`${this.#options.name} refuses: ${detailOf(text) ?? response.status}`);
  }

  async #send(method: string, path: string, json?: unknown): Promise<Response> {
    const { name, origin, token, patience, clock } = this.#options;
    const end = clock.now() + patience;
    for (;;) {
      try {
        return await this.#options.fetch(
          new Request(`${origin}${path}`, {
            method,
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            body: json === undefined ? null : JSON.stringify(json),
            signal: AbortSignal.timeout(TIMEOUT),
          }),
        );
      } catch (cause) {
        if (clock.now() >= end) throw new BalancerError(`${name} does not answer`, { cause });
        await sleep(RETRY_INTERVAL, { clock });
      }
    }
  }
}

function placeOf(id: string): string {
  return `/upstreams/${encodeURIComponent(id)}`;
}

function detailOf(text: string): string | undefined {
  try {
    return problemSchema.parse(JSON.parse(text)).detail;
  } catch {
    return undefined;
  }
}
