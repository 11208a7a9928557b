import type { Health } from "./health.ts";

/** An upstream as it is named to the balancer. */
export interface UpstreamOptions {
  /** Origin such as `http://127.0.0.1:5000`; a path in front of every request's is not supported. */
  url: string | URL;
  /** Name in metrics, logs and the admin API: 1 to 128 visible ASCII characters. @default host and port, `127.0.0.1:5000` */
  id?: string;
  /** Share of the load relative to the others. @default 1 */
  weight?: number;
  /** Whether it joins drained, and gets requests when it is resumed. One that is a member already stays as it is. @default false */
  draining?: boolean;
}

/** An upstream as strategies and transports see it. */
export interface Upstream {
  readonly id: string;
  /** Scheme, host and port, without a trailing slash: `http://127.0.0.1:5000`. */
  readonly origin: string;
  /** For `Deno.connect`: a name or an address, an IPv6 one without its brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Whether the connection is TLS. */
  readonly secure: boolean;
  /** The weight that was asked for. */
  readonly weight: number;
  /** The weight in force: lower than {@linkcode weight} during slow start. Strategies go by this one. */
  readonly effectiveWeight: number;
  /** Attempts that have begun and not ended. */
  readonly inFlight: number;
  /** Requests that wait for a place at it. */
  readonly queued: number;
  readonly health: Health;
  readonly draining: boolean;
}
