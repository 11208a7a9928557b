import { assertStringIncludes } from "@std/assert";
import { Registry } from "prom-client";
import { registerListenerMetrics } from "./listener_metrics.ts";
import { ProxyFixture } from "./testing/proxy_fixture.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

Deno.test("registerListenerMetrics() tells connections of clients, refused requests, and how upstreams' connections are used", async () => {
  await using proxy = new ProxyFixture();
  const registry = new Registry();
  const trunks = { clients: () => proxy.listener.trunks, upstreams: () => 3 };
  registerListenerMetrics(registry, { stats: proxy.listener.stats, pool: proxy.pool, trunks });
  await proxy.roundTrip("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", OK);
  const refused = proxy.client();
  await refused.say("GET / HTTP/1.1\r\nHost : a.test\r\n\r\n");
  await refused.head();
  const text = await registry.metrics();
  for (
    const line of [
      "flotilla_balancer_client_connections_total 2",
      'flotilla_balancer_refused_total{status="400"} 1',
      'flotilla_balancer_connections_total{event="opened"} 1',
      'flotilla_balancer_connections_total{event="stale"} 0',
      "flotilla_balancer_idle_connections 1",
      "flotilla_balancer_client_trunks 0",
      "flotilla_balancer_upstream_trunks 3",
    ]
  ) assertStringIncludes(text, `${line}\n`);
});
