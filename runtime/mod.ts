/**
 * What every process needs and no role owns: flags and environment, serving and draining, logs, measures, problem
 * answers, request ids and trace context.
 *
 * @module
 */
export { requireBearerToken } from "./bearer_token.ts";
export { bucketQuantile } from "./bucket_quantile.ts";
export { type Clock, sleep, type SleepOptions, systemClock, type Timer } from "./clock.ts";
export {
  type Environment,
  internalKey,
  kvAccessToken,
  processEnvironment,
  production,
  secret,
  SecretError,
  type SecretOptions,
  secretProblems,
} from "./environment.ts";
export { type EventLoopOptions, watchEventLoop } from "./event_loop_lag.ts";
export { parseExposition, type Sample } from "./exposition.ts";
export {
  type Flag,
  flag,
  FlagError,
  type FlagOptions,
  type FlagSpecs,
  type FlagValues,
  listFlag,
  number,
  operands,
  originSchema,
  parseFlags,
  portSchema,
  switchFlag,
} from "./flags.ts";
export { freePort, isFree } from "./free_port.ts";
export { commitChecked } from "./kv_connect/commit_checked.ts";
export { KvOutcomeUnknownError, KvRefusedError, KvUnavailableError } from "./kv_connect/kv_errors.ts";
export { entriesOf } from "./kv_connect/list_iterator.ts";
export { MAX_CHECKS, MAX_READ_KEYS } from "./kv_connect/limits.ts";
export { type KvDeadlineOptions, KvTimeoutError, withDeadline } from "./kv_deadline.ts";
export { configureLogging, type LoggingOptions } from "./log.ts";
export { openKv, type OpenKvOptions } from "./open_kv.ts";
export { asProblem, ProblemError, type ProblemOptions, problemResponse } from "./problem.ts";
export { registerProcessMemory } from "./process_memory.ts";
export {
  EXIT_USAGE,
  type ListenPlace,
  type Program,
  readFlags,
  refuseToListen,
  refuseToStart,
} from "./program.ts";
export { type Readiness, type ReadinessCheck } from "./readiness.ts";
export {
  type IdentityFields,
  peerAddress,
  type RequestContext,
  type ServeInfo,
  TIMEOUT_HEADER,
} from "./request_context.ts";
export { REQUEST_ID_HEADER, requestId } from "./request_id.ts";
export { recentSuccess } from "./recent_success.ts";
export { createRole, type FramedRole, type Role, type RoleOptions } from "./role.ts";
export type { RequestLine, RoleFrame } from "./role_frame.ts";
export { Roster, type Seat } from "./roster.ts";
export { seededRandom } from "./seeded_random.ts";
export { instanceName, serve, type Served, serveFlags } from "./serve.ts";
export { serveUntilStopped, type ServeUntilStoppedOptions, type Serving } from "./serving.ts";
export { traceFlags, TraceGate, type TraceRate } from "./trace_gate.ts";
export { continueTrace, type FieldReader, type TraceContext } from "./trace_context.ts";
export { skipUnsampledRequests } from "./unsampled_requests.ts";
export { newSpan, readTraceparent, type TraceParent, traceparent } from "./traceparent.ts";
export {
  beginServerSpan,
  type BegunSpan,
  isTracing,
  resumeTrace,
  sampledTraceparent,
  type SpanOptions,
} from "./tracing.ts";
