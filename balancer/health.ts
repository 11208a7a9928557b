/** What is known of an upstream from its checks and its connections. */
export type Health =
  /** Not checked yet. */
  | { readonly kind: "unknown" }
  | { readonly kind: "up"; readonly since: number }
  | { readonly kind: "down"; readonly since: number; readonly reason: DownReason; readonly detail: string };

/**
 * Why an upstream is down:
 *
 * - `unreachable`: no connection, no answer in time, or an answer that is not HTTP: it cannot serve anything
 * - `status`: it answers, with a status that is no success
 * - `unready`: it answers 503: it drains or waits for something it needs
 */
export type DownReason = "unreachable" | "status" | "unready";
