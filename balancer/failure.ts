/**
 * How an attempt at one upstream failed. The kinds differ in what they prove, since that decides whether the
 * request may be sent once more (RFC 9110, section 9.2.2), what the client is told and what is held against
 * the upstream.
 */
export type AttemptFailure =
  /**
   * Nobody listens there, or the connection (TCP, TLS, name) could not be made: not one byte of the request
   * was sent.
   */
  | { readonly kind: "connect_refused"; readonly cause?: unknown }
  /** This process could not have another socket: nothing was sent, and nothing is known of the upstream. */
  | { readonly kind: "no_socket"; readonly cause?: unknown }
  /** No connection within the connect time-out: nothing was sent. */
  | { readonly kind: "connect_timeout"; readonly cause?: unknown }
  /**
   * A kept-alive connection turned out closed before any byte of an answer: the request may have been read.
   */
  | { readonly kind: "stale_connection"; readonly cause?: unknown }
  /** The connection broke before any byte of an answer. */
  | { readonly kind: "reset"; readonly cause?: unknown }
  /** The request was sent and no head of an answer came within the first-byte time-out. */
  | { readonly kind: "first_byte_timeout"; readonly cause?: unknown }
  /** The health checks gave the upstream up while the request waited for its answer. */
  | { readonly kind: "upstream_lost"; readonly cause?: unknown }
  /** What came is no valid HTTP message, or no message that may answer this request. */
  | { readonly kind: "protocol_error"; readonly cause?: unknown }
  /** The answer had begun and broke off before its end. */
  | { readonly kind: "truncated"; readonly cause?: unknown }
  /** The answer had begun and no further byte came within the idle time-out. */
  | { readonly kind: "idle_timeout"; readonly cause?: unknown }
  /** The whole exchange took longer than the total time-out. */
  | { readonly kind: "total_timeout"; readonly cause?: unknown }
  /** The body of the request broke off or broke the rules: the client's fault, whatever the upstream did. */
  | { readonly kind: "request_body"; readonly cause?: unknown }
  /** The client left before the end. */
  | { readonly kind: "client_gone"; readonly cause?: unknown };

export type FailureKind = AttemptFailure["kind"];

/** Every kind of failure, in the order of an attempt's life. */
export const FAILURE_KINDS = [
  "no_socket",
  "connect_refused",
  "connect_timeout",
  "stale_connection",
  "reset",
  "first_byte_timeout",
  "upstream_lost",
  "protocol_error",
  "truncated",
  "idle_timeout",
  "total_timeout",
  "request_body",
  "client_gone",
] as const satisfies readonly FailureKind[];

/** What has to be known of a request to say whether it may be sent again. */
export interface Replay {
  /**
   * The method is idempotent: `GET`, `HEAD`, `OPTIONS`, `TRACE`, `PUT`, `DELETE` (RFC 9110, section 9.2.2).
   */
  readonly idempotent: boolean;
  /** There is no body, or all of it that was read from the client is still at hand. */
  readonly replayable: boolean;
}

/** How far an attempt got, as far as can be proven. */
export type Reach = "unsent" | "sent" | "answered" | "over";

/** What a kind of failure proves. */
export function reachOf(kind: FailureKind): Reach {
  switch (kind) {
    case "no_socket":
    case "connect_refused":
    case "connect_timeout":
      return "unsent";
    case "stale_connection":
    case "reset":
    case "first_byte_timeout":
    case "upstream_lost":
    case "protocol_error":
      return "sent";
    case "truncated":
    case "idle_timeout":
      return "answered";
    case "total_timeout":
    case "request_body":
    case "client_gone":
      return "over";
  }
}

/**
 * Whether a request may be sent to another upstream after this failure: any method when nothing was sent, an
 * idempotent one when something was, none when an answer has begun; and only when its body can be sent from
 * the start.
 *
 * @example
 * ```ts
 * import { mayTryAgain } from "@flotilla/balancer";
 * import { assert } from "@std/assert";
 *
 * const post = { idempotent: false, replayable: true };
 * assert(mayTryAgain("connect_refused", post));
 * assert(!mayTryAgain("reset", post));
 * ```
 */
export function mayTryAgain(kind: FailureKind, replay: Replay): boolean {
  if (!replay.replayable) return false;
  const reach = reachOf(kind);
  return reach === "unsent" || (reach === "sent" && replay.idempotent);
}

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * Whether the method is idempotent (RFC 9110, section 9.2.2). Methods are case-sensitive; an unknown one is
 * not.
 */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/**
 * Whether the failure says something against the upstream, rather than against the client, a pooled connection or this
 * process.
 */
export function blamesUpstream(kind: FailureKind): boolean {
  return kind !== "client_gone" && kind !== "request_body" && kind !== "stale_connection" &&
    kind !== "total_timeout" && kind !== "no_socket";
}

/** How a transport says that an attempt failed. */
export class AttemptError extends Error {
  override readonly name = "AttemptError";
  readonly failure: AttemptFailure;

  constructor(failure: AttemptFailure) {
    super(
      `Attempt failed: ${failure.kind}`,
      failure.cause === undefined ? undefined : { cause: failure.cause },
    );
    this.failure = failure;
  }
}

/**
 * The failure behind whatever a transport threw; what says nothing of itself may have happened after the
 * request was sent.
 */
export function failureOf(thrown: unknown): AttemptFailure {
  return thrown instanceof AttemptError ? thrown.failure : { kind: "reset", cause: thrown };
}
