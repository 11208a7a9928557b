import type { NoUpstreamReason } from "./attempt.ts";
import type { FailureKind } from "./failure.ts";

/**
 * What the client is told when no upstream's answer can be. The statuses mean different things:
 *
 * - 503: nothing reached any upstream, so that any request may be sent again, after `Retry-After`
 * - 502: an upstream got the request, and its answer was broken or broke off
 * - 504: an upstream got the request, or was being connected to, and did not answer in time
 * - 499: the client has left; nothing is sent, the number is for the log (nginx's)
 */
export interface FailureAnswer {
  readonly status: 400 | 499 | 502 | 503 | 504;
  readonly title: string;
  readonly detail: string;
  /** Seconds, for `Retry-After`. */
  readonly retryAfter: number | undefined;
}

const BAD_GATEWAY = "Bad Gateway";
const UNAVAILABLE = "Service Unavailable";
const TIMEOUT = "Gateway Timeout";

const FAILURES: Readonly<Record<FailureKind, FailureAnswer>> = {
  no_socket: later(UNAVAILABLE, "No more connections to servers can be opened; the request was not sent"),
  connect_refused: later(UNAVAILABLE, "No server could be connected to; the request was not sent"),
  connect_timeout: answer(504, TIMEOUT, "No server could be connected to in time; the request was not sent"),
  stale_connection: answer(502, BAD_GATEWAY, "The connection to the server was closed before it answered"),
  reset: answer(502, BAD_GATEWAY, "The server closed the connection before it answered"),
  first_byte_timeout: answer(504, TIMEOUT, "The server did not begin to answer in time"),
  upstream_lost: answer(504, TIMEOUT, "The server stopped responding before it answered"),
  protocol_error: answer(502, BAD_GATEWAY, "The server's answer was not a valid HTTP message"),
  truncated: answer(502, BAD_GATEWAY, "The server's answer broke off"),
  idle_timeout: answer(504, TIMEOUT, "The server stopped in the middle of its answer"),
  total_timeout: answer(504, TIMEOUT, "The request took longer than is allowed"),
  request_body: answer(400, "Bad Request", "The body of the request broke off or was malformed"),
  client_gone: answer(499, "Client Closed Request", "The client left before the answer was complete"),
};

const NO_UPSTREAM: Readonly<Record<NoUpstreamReason, FailureAnswer>> = {
  empty: later(UNAVAILABLE, "There is no server to take the request"),
  unavailable: later(UNAVAILABLE, "No server is able to take the request now"),
  exhausted: later(UNAVAILABLE, "No server could take the request; each was tried"),
  queue_full: later(UNAVAILABLE, "Every server is busy and too many requests wait already"),
  queue_timeout: later(UNAVAILABLE, "Every server is busy; the request waited too long"),
  cancelled: answer(499, "Client Closed Request", "The client left while its request waited"),
  closed: later(UNAVAILABLE, "The balancer is shutting down"),
};

/** The answer for a failed attempt that is not tried again. */
export function describeFailure(kind: FailureKind): FailureAnswer {
  return FAILURES[kind];
}

/** The answer when no attempt could begin. */
export function describeNoUpstream(reason: NoUpstreamReason): FailureAnswer {
  return NO_UPSTREAM[reason];
}

function answer(status: FailureAnswer["status"], title: string, detail: string): FailureAnswer {
  return { status, title, detail, retryAfter: undefined };
}

function later(title: string, detail: string): FailureAnswer {
  return { status: 503, title, detail, retryAfter: 1 };
}
