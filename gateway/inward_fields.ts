import { ASSERTION_HEADER } from "@flotilla/auth/verify";
import { REQUEST_ID_HEADER, type RequestContext, TIMEOUT_HEADER, traceparent } from "@flotilla/runtime";
import { unmarked } from "./compression.ts";

/**
 * The fields of a client's request that are passed inwards: each one that an inner role has a use for, and no other. So
 * whatever could be taken for one of our own fields, now or later, never gets past the gateway, and neither do
 * hop-by-hop fields, cookies, or the client's token.
 */
export const PASSED_INWARDS: readonly string[] = [
  "accept",
  "accept-language",
  "cache-control",
  "content-language",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-event-id",
  "prefer",
  "range",
  "user-agent",
];

/**
 * Fields that hold entity tags. Not `If-Range`: a part of a packed answer cannot be gone on with, and its tag, which
 * the inner role does not know, has it send the whole again.
 */
const TAGGED = new Set(["if-match", "if-none-match"]);

/** How {@linkcode inwardFields} makes the head of a call. */
export interface InwardFieldsOptions {
  readonly context: RequestContext;
  /** Proof of who is calling. */
  readonly assertion: string;
  /** Milliseconds that are left for the answer. */
  readonly timeout: number;
}

/** The fields of the call to an inner role: what of the client's may pass, and what the gateway itself has to say. */
export function inwardFields(given: Headers, options: InwardFieldsOptions): [name: string, value: string][] {
  const { context, assertion, timeout } = options;
  const fields: [string, string][] = [
    // The gateway packs for the client; between roles nothing is packed, and no `fetch` unpacks what it asked for
    // itself.
    ["accept-encoding", "identity"],
    [ASSERTION_HEADER, assertion],
    [TIMEOUT_HEADER, String(Math.round(timeout))],
    [REQUEST_ID_HEADER, context.requestId],
    ["traceparent", traceparent(context.trace)],
  ];
  if (context.trace.state !== undefined) fields.push(["tracestate", context.trace.state]);
  for (const name of PASSED_INWARDS) {
    const value = given.get(name);
    if (value !== null) fields.push([name, TAGGED.has(name) ? unmarked(value) : value]);
  }
  return fields;
}
