import type { AdmittedExchange } from "../exchange.ts";
import type { CallInwards } from "../inward_call.ts";
import { answerOnce } from "./answer_once.ts";
import { fingerprint } from "./idempotency_key.ts";
import type { IdempotencyStore } from "./idempotency_store.ts";

/** What {@linkcode answerKeyed} works with. */
export interface KeyedOptions {
  readonly store: IdempotencyStore;
  readonly callInwards: CallInwards;
  /** The request's `Idempotency-Key`. */
  readonly key: string;
  /** JSON that fits the route's schema: an object whose `id` may be missing. */
  readonly content: Uint8Array<ArrayBuffer>;
}

/** Nobody takes a keyed request back: when its client has left, the answer is kept for when the client comes again. */
const NEVER = new AbortController().signal;

/**
 * Answers a `POST` that makes something under its route's path, once for each key of the caller. What it makes gets
 * an id here if the client gives none, so that a second try cannot make it twice.
 */
export async function answerKeyed(exchange: AdmittedExchange, options: KeyedOptions): Promise<Response> {
  const { store, callInwards, key, content } = options;
  const { caller, route, url } = exchange;
  const owner = caller.kind === "user" ? caller.principal.subject : "";
  const target = url.pathname + url.search;
  const request = { owner, key, fingerprint: await fingerprint(`${route.method} ${target}`, content) };
  const given: object = JSON.parse(new TextDecoder().decode(content));
  return await answerOnce(store, request, {
    send(id) {
      const identified = new TextEncoder().encode(JSON.stringify({ id, ...given }));
      return callInwards(exchange, { method: route.method, target, content: identified, client: NEVER });
    },
    async recover(id) {
      if ("id" in given) return undefined;
      const location = `${url.pathname}/${id}`;
      const found = await callInwards(exchange, {
        method: "GET",
        target: location,
        content: null,
        client: NEVER,
      });
      if (found.status !== 200) {
        await found.body?.cancel();
        return undefined;
      }
      found.headers.set("location", location);
      return new Response(found.body, { status: 201, headers: found.headers });
    },
  });
}
