import { Counter, type Registry } from "prom-client";

/** The measures of a gateway besides those that every role has. */
export interface GatewayMetrics {
  /** A request was refused here, before any inner role saw it or instead of its answer. */
  refused(status: number): void;
}

/** Registers a gateway's measures with `registry`. */
export function createGatewayMetrics(registry: Registry): GatewayMetrics {
  const refusals = new Counter({
    name: "flotilla_gateway_refusals_total",
    help: "Requests that the gateway itself answered with a failure, by status",
    labelNames: ["status"] as const,
    registers: [registry],
  });
  return { refused: (status) => refusals.inc({ status: String(status) }) };
}
