import { ProblemError } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import type { IdempotencyStore, KeyedRequest, Run } from "./idempotency_store.ts";
import { type KeptAnswer, keptAnswer, replayed, settles } from "./kept_answer.ts";

/** What {@linkcode answerOnce} does the request with. */
export interface RequestSteps {
  /** Sends the request; what it makes gets this id. */
  send(id: string): Promise<Response>;
  /**
   * The answer of an earlier try that is not known to have come through, by what it has made; `undefined` when it has
   * made nothing.
   */
  recover(id: string): Promise<Response | undefined>;
}

/**
 * Answers a request with a key: the first time by doing it, after that with the answer that it had. A try that failed
 * or was lost is made again under the same id, so that whatever came of it, the request is done once.
 *
 * @throws {ProblemError} 409 while the first one runs, 422 when the key was used for another request
 */
export async function answerOnce(
  store: IdempotencyStore,
  request: KeyedRequest,
  steps: RequestSteps,
): Promise<Response> {
  const begun = await store.begin(request);
  switch (begun.kind) {
    case "run":
      return await attempt(begun.run, steps);
    case "answered":
      return replayed(begun.answer);
    case "running":
      throw new ProblemError(409, "The first request with this Idempotency-Key is not answered yet", {
        headers: { "retry-after": "1" },
      });
    case "mismatch":
      throw new ProblemError(422, "The Idempotency-Key was used before with another request");
  }
}

async function attempt(run: Run, { send, recover }: RequestSteps): Promise<Response> {
  let response: Response;
  try {
    response = await send(run.id);
    // What stands under this id can only be of an earlier try, since nobody else knows it.
    if (response.status === 409 && run.tries > 1) response = await recover(run.id) ?? response;
  } catch (error) {
    await told(run.release());
    throw error;
  }
  if (!settles(response.status)) {
    await told(run.release());
    return response;
  }
  const answer = await keptAnswer(response);
  await told(run.settle(answer));
  return fresh(response, answer);
}

/** The answer was read to be kept, and goes out from what was read. */
function fresh({ status, headers }: Response, { content }: KeptAnswer): Response {
  return new Response(status === 204 ? null : content, { status, headers });
}

/** The request is done, whether that could be written down or not: then its try counts as lost, and is recovered. */
async function told(writing: Promise<void>): Promise<void> {
  try {
    await writing;
  } catch (error) {
    getLogger(["flotilla", "gateway", "idempotency"]).warn(
      "What became of a request could not be kept: {error}",
      {
        error,
      },
    );
  }
}
