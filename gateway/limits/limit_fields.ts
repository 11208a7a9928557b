import { ProblemError } from "@flotilla/runtime";
import type { Verdict } from "./rate_limiter.ts";

/** What tells the caller how many are left: the fields of the IETF draft "RateLimit header fields for HTTP". */
export function limitFields(verdict: Verdict, now: number): [name: string, value: string][] {
  const { policy: { name, quota, window }, remaining, resets } = verdict;
  return [
    ["ratelimit-policy", `"${name}";q=${quota};w=${Math.ceil(window / 1_000)}`],
    ["ratelimit", `"${name}";r=${remaining};t=${secondsUntil(resets, now)}`],
  ];
}

/** The refusal of a request that is one too many (RFC 6585, section 4). */
export function tooManyRequests(verdict: Verdict, now: number): ProblemError {
  const { quota, window } = verdict.policy;
  const wait = Math.max(1, secondsUntil(verdict.retryAt, now));
  return new ProblemError(
    429,
    `More than ${quota} requests in ${Math.ceil(window / 1_000)} s: try again in ${wait} s`,
    { headers: { "retry-after": String(wait) } },
  );
}

function secondsUntil(time: number, now: number): number {
  return Math.max(0, Math.ceil((time - now) / 1_000));
}
