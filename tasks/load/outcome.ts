import type { Answer } from "./api_client.ts";
import type { Step } from "./scenario.ts";

/** What became of one request of a load. */
export interface Outcome {
  readonly step: Step;
  /** When it was due; milliseconds since the load began. */
  readonly due: number;
  /** Milliseconds from when it was due until its answer was whole. */
  readonly latency: number;
  readonly answer: Answer;
}

/** Why a request failed: `503`, or the name of the error; `undefined` when it did not. */
export function failureOf({ answer }: Pick<Outcome, "answer">): string | undefined {
  if (answer.kind === "none") return answer.reason;
  return answer.status >= 400 ? String(answer.status) : undefined;
}
