import { assertEquals, assertStringIncludes } from "@std/assert";
import { LatencyHistogram } from "./latency_histogram.ts";
import { echo } from "./testing/fake_transport.ts";
import { testBalancer } from "./testing/test_balancer.ts";

Deno.test("the registry tells requests, answers, failures, retries and latency of each upstream", async () => {
  await using test = await testBalancer({ a: undefined, b: echo });
  for (let i = 0; i < 3; i++) await (await test.send("/")).body?.cancel();
  const text = await test.balancer.registry.metrics();
  for (
    const line of [
      "flotilla_balancer_requests_total 3",
      'flotilla_balancer_attempts_total{upstream="a"} 1',
      'flotilla_balancer_attempts_total{upstream="b"} 3',
      'flotilla_balancer_retries_total{upstream="b"} 1',
      'flotilla_balancer_answers_total{upstream="b",class="2xx"} 3',
      'flotilla_balancer_failures_total{upstream="a",kind="connect_refused"} 1',
      'flotilla_balancer_upstream_in_flight{upstream="b"} 0',
      'flotilla_balancer_upstream_up{upstream="a"} 0',
      'flotilla_balancer_upstream_up{upstream="b"} 1',
      'flotilla_balancer_upstream_latency_seconds_bucket{le="0.0005",upstream="b"} 3',
      'flotilla_balancer_upstream_latency_seconds_bucket{le="+Inf",upstream="b"} 3',
      'flotilla_balancer_upstream_latency_seconds_count{upstream="b"} 3',
      "flotilla_balancer_ready 1",
      "# TYPE flotilla_balancer_upstream_latency_seconds histogram",
    ]
  ) assertStringIncludes(text, `${line}\n`);
});

Deno.test("the registry counts anew each time, and forgets upstreams that left", async () => {
  await using test = await testBalancer({ a: echo });
  await (await test.send("/")).body?.cancel();
  await test.balancer.registry.metrics();
  assertStringIncludes(await test.balancer.registry.metrics(), "flotilla_balancer_requests_total 1\n");
  test.balancer.update([]);
  assertEquals((await test.balancer.registry.metrics()).includes('upstream="a"'), false);
});

Deno.test("LatencyHistogram counts in buckets and gives the bound that a quantile lies below", () => {
  const histogram = new LatencyHistogram();
  assertEquals(histogram.quantile(0.5), 0);
  for (const milliseconds of [0.1, 0.4, 0.9, 20, 60_000]) histogram.observe(milliseconds);
  assertEquals([histogram.count, histogram.quantile(0.5), histogram.quantile(0.8)], [5, 0.001, 0.025]);
  assertEquals(histogram.quantile(1), Infinity);
});
