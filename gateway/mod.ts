/**
 * The public API: routes, token checks and limits in front of the inner roles.
 *
 * @module
 */
export type { Limiters } from "./admission.ts";
export type { CorsOptions } from "./cors.ts";
export { createDashboard, type Dashboard, type DashboardOptions } from "./dashboard/dashboard.ts";
export { type Fetcher } from "./forward.ts";
export { createGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
export {
  type Begun,
  createIdempotencyStore,
  type IdempotencyOptions,
  type IdempotencyStore,
  type KeyedRequest,
  type Run,
} from "./idempotency/idempotency_store.ts";
export type { KeptAnswer } from "./idempotency/kept_answer.ts";
export { type FallbackOptions, withFallback } from "./limits/fallback_permit_store.ts";
export { createKvPermitStore, PermitContentionError } from "./limits/kv_permit_store.ts";
export type { LimitPolicy } from "./limits/limit_policy.ts";
export { createLocalPermitStore } from "./limits/local_permit_store.ts";
export type { Loan, LoanRequest, PermitStore } from "./limits/permit_store.ts";
export {
  createRateLimiter,
  type RateLimiter,
  type RateLimiterOptions,
  type Verdict,
} from "./limits/rate_limiter.ts";
export { productionProblems } from "./production_check.ts";
export type { Access, AnswerRule, BodyRule, Method, Route, UpstreamName } from "./route.ts";
export { ROUTE_TABLE } from "./route_table.ts";
