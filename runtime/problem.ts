import { STATUS_TEXT } from "@std/http/status";
import { KvOutcomeUnknownError, KvUnavailableError } from "./kv_connect/kv_errors.ts";
import { KvTimeoutError } from "./kv_deadline.ts";

/** What a {@linkcode ProblemError} carries besides status and detail. */
export interface ProblemOptions {
  /** Short summary of the kind of problem. @default the reason phrase of the status */
  title?: string;
  /** URI that names the kind of problem. @default "about:blank" (RFC 9457, section 4.2.1) */
  type?: string;
  /** Fields of the answer, for example `retry-after` or `www-authenticate`. @default none */
  headers?: HeadersInit;
  /** Further members of the problem object (RFC 9457, section 3.2). @default none */
  extensions?: Readonly<Record<string, unknown>>;
  /** What made it happen; logged, never sent. @default none */
  cause?: unknown;
}

/**
 * A failure that is told to the caller as a problem answer (RFC 9457). A handler throws it; the role's frame answers.
 *
 * @example
 * ```ts
 * import { ProblemError } from "@flotilla/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new ProblemError(404, 'No record has the id "x"');
 * assertEquals(error.title, "Not Found");
 * ```
 */
export class ProblemError extends Error {
  override readonly name: string = "ProblemError";
  readonly status: number;
  readonly title: string;
  readonly type: string;
  readonly headers: Headers;
  readonly extensions: Readonly<Record<string, unknown>>;

  /**
   * @param status an HTTP status code of 400 to 599
   * @param detail what is wrong with this request and what to do about it, for the caller to read
   * @throws {RangeError} when the status is no error status
   */
  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new RangeError(`Cannot make a problem: status must be 400 to 599, got ${status}`);
    }
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.title = options.title ?? STATUS_TEXT[status] ?? "Error";
    this.type = options.type ?? "about:blank";
    this.headers = new Headers(options.headers);
    this.extensions = options.extensions ?? {};
  }
}

/** The answer to a failed request: `application/problem+json` with the request's id, and never a stack trace. */
export function problemResponse(error: ProblemError, requestId?: string): Response {
  const { status, title, type, extensions } = error;
  const body = { ...extensions, type, title, status, detail: error.message, request_id: requestId };
  const headers = new Headers(error.headers);
  headers.set("content-type", "application/problem+json");
  headers.set("cache-control", "no-store");
  return new Response(JSON.stringify(body) + "\n", { status, headers });
}

/**
 * Any thrown value as a problem: a {@linkcode ProblemError} is itself, a database that did not answer (in time) is a 503,
 * everything else a 500 that tells nothing.
 */
export function asProblem(thrown: unknown): ProblemError {
  if (thrown instanceof ProblemError) return thrown;
  const away = thrown instanceof KvTimeoutError || thrown instanceof KvUnavailableError ||
    thrown instanceof KvOutcomeUnknownError;
  if (away) {
    return new ProblemError(503, thrown.message, { headers: { "retry-after": "1" }, cause: thrown });
  }
  return new ProblemError(500, "The request could not be answered because of an internal error", {
    cause: thrown,
  });
}
