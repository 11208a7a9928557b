import { ASSERTION_HEADER, type AssertionSigner, type Caller } from "@flotilla/auth/verify";
import { ProblemError, REQUEST_ID_HEADER } from "@flotilla/runtime";
import { z } from "zod";
import type { Fetcher } from "../forward.ts";

/** Milliseconds that an inner role has for an answer. */
const PATIENCE = 5_000;

/** A call to an inner role. */
export interface InnerCall {
  readonly method: "GET" | "POST";
  /** Path and query. */
  readonly target: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly caller: Caller;
  /** Of the request that the call is made for. */
  readonly requestId: string;
}

/** Calls an inner role on behalf of somebody. */
export type CallInner = (call: InnerCall) => Promise<Response>;

/** Makes the way to one inner role. */
export function createCallInner(fetcher: Fetcher, assertions: AssertionSigner): CallInner {
  return async ({ method, target, json, caller, requestId }) => {
    const headers = new Headers({
      "accept-encoding": "identity",
      [ASSERTION_HEADER]: await assertions.sign(caller),
      [REQUEST_ID_HEADER]: requestId,
    });
    if (json !== undefined) headers.set("content-type", "application/json");
    const body = json === undefined ? null : JSON.stringify(json);
    const signal = AbortSignal.timeout(PATIENCE);
    try {
      return await fetcher(new Request(`http://inner${target}`, { method, headers, body, signal }));
    } catch (cause) {
      throw new ProblemError(502, "An inner role cannot be reached", { cause });
    }
  };
}

const problemSchema = z.object({ detail: z.string() });

/**
 * The content of an answer.
 *
 * @throws {ProblemError} with the status and the reason of an answer that is none of success
 */
export async function contentOf<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
  await requireSuccess(response);
  return schema.parse(await response.json());
}

/**
 * Throws away the content of an answer.
 *
 * @throws {ProblemError} with the status and the reason of an answer that is none of success
 */
export async function requireSuccess(response: Response): Promise<void> {
  if (response.ok) return;
  const problem = problemSchema.safeParse(await response.json().catch(() => undefined));
  const detail = problem.success ? problem.data.detail : "An inner role refused";
  throw new ProblemError(response.status, detail);
}
