import type { Topology } from "./topology_schema.ts";

const MEBIBYTE = 1_048_576;
/** Whose forwarding fields the inner balancers believe: the gateways'. */
const LOOPBACK = "127.0.0.0/8";

/**
 * Milliseconds that the balancers give a readiness check. Roles take up to a second for checks of their own, and a busy
 * machine adds to it; a process that has died is noticed at once all the same, since nothing listens there.
 */
const HEALTH_TIMEOUT = 1_500;
/**
 * How each balancer inside checks and whom it believes. Nothing but roles calls it, so it tells of itself on its main port
 * as well; the edge passes every path on.
 */
const INNER = {
  "trusted-proxy": LOOPBACK,
  "health-timeout": HEALTH_TIMEOUT,
  "own-endpoints": "true",
  "accept-trunks": "true",
};
/** Many connections over one, wherever a balancer or gateway calls one. */
const UPSTREAM_TRUNKS = { "upstream-trunks": "true" };

/** What `deno task up` starts: fifteen processes on one machine. Balancers take orders on ports of their own, from 8001. */
export const topology: Topology = {
  extraPorts: 5100,
  groups: [
    {
      name: "load_balancer_api_gateway",
      role: "balancer",
      port: 8000,
      adminPort: 8001,
      flags: { strategy: "round-robin", "health-timeout": HEALTH_TIMEOUT, ...UPSTREAM_TRUNKS },
      links: { upstream: "api_gateway" },
    },
    {
      name: "api_gateway",
      role: "gateway",
      ports: [5000, 5001],
      flags: { "accept-trunks": "true", ...UPSTREAM_TRUNKS },
      links: {
        auth: "load_balancer_auth",
        service: "load_balancer_service",
        worker: "load_balancer_worker",
        database: "database",
        limits: "cache",
      },
    },
    {
      name: "load_balancer_service",
      role: "balancer",
      port: 5002,
      adminPort: 8002,
      flags: { strategy: "least-connections", ...INNER, ...UPSTREAM_TRUNKS },
      links: { upstream: "service" },
    },
    {
      name: "service",
      role: "service",
      ports: [5003, 5004],
      flags: { "accept-trunks": "true" },
      links: { database: "database", cache: "cache" },
    },
    { name: "database", role: "store", port: 5005, flags: { path: "database.sqlite" } },
    { name: "cache", role: "store", port: 5006, flags: { path: ":memory:", "max-bytes": 64 * MEBIBYTE } },
    {
      name: "load_balancer_worker",
      role: "balancer",
      port: 5007,
      adminPort: 8003,
      flags: { strategy: "least-connections", ...INNER },
      links: { upstream: "worker" },
    },
    {
      name: "worker",
      role: "worker",
      ports: [5008, 5009],
      links: { store: "worker_cache", service: "load_balancer_service", auth: "load_balancer_auth" },
    },
    { name: "worker_cache", role: "store", port: 5010, flags: { path: "worker_cache.sqlite" } },
    { name: "auth_service", role: "auth", ports: [5011, 5012], links: { database: "database" } },
    {
      name: "load_balancer_auth",
      role: "balancer",
      port: 5013,
      adminPort: 8004,
      flags: { strategy: "round-robin", ...INNER },
      links: { upstream: "auth_service" },
    },
  ],
};
