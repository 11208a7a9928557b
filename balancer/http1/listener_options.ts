import type { TraceGate } from "@flotilla/runtime";
import type { AccessLog } from "../access_log.ts";
import type { AttemptSource } from "../attempt.ts";
import type { ConnectionPool } from "./connection_pool.ts";
import type { Door } from "./door.ts";
import type { EndpointsOptions } from "./endpoints.ts";
import type { HeadLimitsOptions } from "./head_limits.ts";

/** How a `Listener` is set up. */
export interface ListenerOptions {
  /** Where upstreams come from: a balancer. */
  source: AttemptSource;
  /** Connections to upstreams. */
  pool: ConnectionPool;
  /** What is answered here and not passed on. @default nothing */
  endpoints?: EndpointsOptions;
  /** Decides for each request whether it is passed on, and answers it otherwise. @default every one is passed on */
  door?: Door;
  /** Which requests are logged. @default none */
  accessLog?: AccessLog;
  /** Addresses and networks of proxies whose forwarding fields are believed. @default none */
  trustedProxies?: readonly string[];
  /** Our name in `Via`. @default "flotilla" */
  pseudonym?: string;
  /** Whether clients come over TLS, for `X-Forwarded-Proto`. @default "http" */
  protocol?: "http" | "https";
  /** Limits on the heads of requests. */
  limits?: HeadLimitsOptions;
  /** Whether `GET` and `HEAD` may have a body. @default false */
  bodyOnGet?: boolean;
  /**
   * Says which requests begin a trace, where spans are recorded; a trace that a trusted proxy records is continued in any
   * case. @default no request gets a span, and `traceparent` is passed on as it comes
   */
  traces?: TraceGate;
  /**
   * Connections of clients at once; more wait to be accepted. 5,000 idle ones take about 100 MB, and each request may need a
   * second descriptor for its upstream.
   *
   * @default 10_000
   */
  maxConnections?: number;
  /**
   * Milliseconds for a client's next request on a connection. Longer than the 60 s after which proxies in front give theirs up:
   * who closes first never finds it stale.
   *
   * @default 75_000
   */
  keepAliveTimeout?: number;
  /**
   * Milliseconds for the head of a request, from its first octet. A head is a few packets, which a bad network sends again
   * within seconds; who takes longer holds connections on purpose.
   *
   * @default 10_000
   */
  headTimeout?: number;
  /**
   * Milliseconds for a client to leave after its connection was ended: time to read the answer and acknowledge it over any network,
   * and no more for one that never will.
   *
   * @default 2_000
   */
  lingerTimeout?: number;
  /** Whether each connection begins with a PROXY protocol header (version 1 or 2) that names the client. @default false */
  proxyProtocol?: boolean;
  /**
   * Whether a client may make a trunk of its connection: one that carries many by yamux. For listeners that only other balancers and
   * gateways call: each stream counts as a connection, but nothing else limits what one client may open.
   *
   * @default false
   */
  acceptTrunks?: boolean;
  /** Told an error that no input may cause. @default logs it */
  onError?: (error: unknown) => void;
  /**
   * Milliseconds without an octet either way until an upgraded connection is closed. Most protocols keep theirs alive within
   * minutes; one that has been silent for an hour has nobody at its other end.
   *
   * @default 3_600_000
   */
  tunnelTimeout?: number;
}
