import type { Probe } from "./health_checker.ts";
import { readTimeouts } from "./timeouts.ts";
import type { Transport } from "./transports/transport.ts";

/** Asks by the way requests go, so that a check sees what requests would see. */
export function createProbe(transport: Transport): Probe {
  const timeouts = readTimeouts();
  return async (upstream, { path, signal }) => {
    const headers = new Headers({
      "host": new URL(upstream.origin).host,
      "user-agent": "flotilla-health-check",
    });
    const request = { method: "GET", target: path, headers, body: null };
    const response = await transport.send(request, { upstream, signal, timeouts });
    await response.body?.cancel();
    return response.status;
  };
}
