import type { Clock } from "@flotilla/runtime";
import type { AdmittedExchange } from "./exchange.ts";
import { type Fetcher, forward } from "./forward.ts";
import { inwardFields } from "./inward_fields.ts";
import { outwardAnswer } from "./outward_answer.ts";
import type { UpstreamName } from "./route.ts";

/** What of a call to an inner role is not the same for all calls of an exchange. */
export interface InwardCall {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly content: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> | null;
  /** Aborted when nobody waits for the answer any longer. */
  readonly client: AbortSignal;
}

/**
 * Calls the inner role of an exchange's route; gives the answer as the client may see it.
 *
 * Throws {@linkcode ProblemError} as {@linkcode forward} does.
 */
export type CallInwards = (exchange: AdmittedExchange, call: InwardCall) => Promise<Response>;

/** Makes the way inwards: what is left of the route's time is told to the inner role, and kept to. */
export function createCallInwards(
  options: { fetchers: Readonly<Record<UpstreamName, Fetcher>>; clock: Clock },
): CallInwards {
  const { fetchers, clock } = options;
  return async (exchange, { method, target, content, client }) => {
    const { request, context, address, assertion, route, arrived } = exchange;
    const { upstream } = route;
    const timeout = Math.max(1, route.timeout - (clock.now() - arrived));
    const url = `http://${upstream}${target}`;
    const fields = inwardFields(request.headers, { context, assertion, timeout });
    const fetcher = fetchers[upstream];
    const call = { url, method, fields, content };
    return outwardAnswer(await forward(call, { fetcher, upstream, address, timeout, client, clock }));
  };
}
