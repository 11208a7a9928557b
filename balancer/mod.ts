/**
 * An L7 load balancer as a library: give {@linkcode createBalancer} the upstreams, and serve its `fetch`.
 *
 * @module
 */
export { type AccessEntry, type AccessLog, type AccessLogOptions, createAccessLog } from "./access_log.ts";
export { type AddressList, addressList } from "./address_list.ts";
export { type AdminOptions, createAdmin } from "./admin.ts";
export type { LimitsOptions } from "./admission.ts";
export { describeFailure, describeNoUpstream, type FailureAnswer } from "./answer.ts";
export type {
  Attempt,
  AttemptSource,
  Begun,
  Exchange,
  NoUpstream,
  NoUpstreamReason,
  PickContext,
  Queued,
} from "./attempt.ts";
export { type Balancer, type BalancerOptions, createBalancer } from "./balancer.ts";
export {
  AttemptError,
  type AttemptFailure,
  blamesUpstream,
  FAILURE_KINDS,
  type FailureKind,
  failureOf,
  isIdempotent,
  mayTryAgain,
  type Reach,
  reachOf,
  type Replay,
} from "./failure.ts";
export {
  type Arrival,
  clientAddress,
  type ForwardedFields,
  forwardedFields,
  type ForwardingFields,
} from "./forwarded.ts";
export type { DownReason, Health } from "./health.ts";
export type { HealthOptions } from "./health_checker.ts";
export type { Connection } from "./http1/connection.ts";
export { ConnectionPool, type ConnectionPoolOptions, type Dial } from "./http1/connection_pool.ts";
export { dateLine } from "./http1/date_line.ts";
export { Deadlines, type DeadlinesOptions, type Timed } from "./http1/deadlines.ts";
export type { Crossing, Door, Knock, OctetAnswer, Reply } from "./http1/door.ts";
export type { EndpointsOptions } from "./http1/endpoints.ts";
export { FieldNames } from "./http1/field_names.ts";
export { HeadFields } from "./http1/head_fields.ts";
export type { HeadLimitsOptions } from "./http1/head_limits.ts";
export { KnockContext } from "./http1/knock_context.ts";
export { KnownOctets, KnownOctetsByPeer } from "./http1/known_octets.ts";
export type { ConnectionSource } from "./http1/acceptor.ts";
export { Listener } from "./http1/listener.ts";
export type { ListenerOptions } from "./http1/listener_options.ts";
export { fromLatin1, latin1 } from "./http1/octets.ts";
export type { RequestHead } from "./http1/request_head.ts";
export type { ResponseHead } from "./http1/response_head.ts";
export { serveListener, type ServeListenerOptions } from "./http1/serve_listener.ts";
export { dial, listen, type ListenOptions } from "./http1/sockets.ts";
export { tcpTransport, type TcpTransportOptions } from "./http1/tcp_transport.ts";
export { TrunkDialer, type TrunkDialerOptions } from "./http1/trunk_dialer.ts";
export type { Wire } from "./http1/wire.ts";
export { type DnsMembershipOptions, followDns, type ResolveAddresses } from "./membership/dns.ts";
export { followKv, type KvMembershipOptions } from "./membership/kv.ts";
export type { Membership } from "./membership/membership.ts";
export type { OutlierOptions } from "./outlier_detector.ts";
export { trunkFlags } from "./process_flags.ts";
export type { RetryBudgetOptions } from "./retry_budget.ts";
export type { RetryOptions, RetryPolicy } from "./retry_policy.ts";
export type { PanicOptions, RotationMode } from "./rotation.ts";
export type { SlowStartOptions } from "./slow_start.ts";
export type { BalancerSnapshot, UpstreamSnapshot } from "./snapshot.ts";
export { createStrategy, STRATEGY_NAMES, type StrategyName, type StrategyOptions } from "./strategies.ts";
export { consistentHash, type ConsistentHashOptions, type HashKey } from "./strategies/consistent_hash.ts";
export { leastConnections } from "./strategies/least_connections.ts";
export { peakEwma, type PeakEwmaOptions } from "./strategies/peak_ewma.ts";
export { powerOfTwo } from "./strategies/power_of_two.ts";
export { randomChoice, type RandomOptions } from "./strategies/random.ts";
export { roundRobin } from "./strategies/round_robin.ts";
export { type Eligible, EVERY_UPSTREAM, type Strategy } from "./strategy.ts";
export type { Timeouts, TimeoutsOptions } from "./timeouts.ts";
export { fetchTransport, type FetchTransportOptions } from "./transports/fetch.ts";
export type { SendOptions, Transport, UpstreamRequest } from "./transports/transport.ts";
export type { Upstream, UpstreamOptions } from "./upstream.ts";
