/** How a run ended, for logs and measures; `lost` and `released` are no end of the task. */
export type RunOutcome = "succeeded" | "failed" | "retrying" | "cancelled" | "released" | "lost";

/** What a run came to by the status that it has left its task in. */
export function outcomeOf(status: string): RunOutcome {
  switch (status) {
    case "succeeded":
    case "failed":
    case "retrying":
    case "cancelled":
      return status;
    default:
      return "lost";
  }
}
