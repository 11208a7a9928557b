import { assertAlmostEquals, assertEquals } from "@std/assert";
import { readMetrics } from "./reading.ts";
import { addLayers, hitRatio, vitalsBetween } from "./vitals.ts";

function service(requests: number, at: number): ReturnType<typeof readMetrics> {
  return readMetrics(
    `flotilla_request_duration_seconds_count{method="GET",route="/data",status="2xx"} ${requests}
flotilla_request_duration_seconds_count{method="GET",route="/metrics",status="2xx"} 999
flotilla_request_duration_seconds_bucket{le="0.1",method="GET",route="/data",status="2xx"} ${requests}
flotilla_request_duration_seconds_bucket{le="+Inf",method="GET",route="/data",status="2xx"} ${requests}
flotilla_requests_in_flight 3
flotilla_process_memory_bytes{kind="rss"} 1000
flotilla_service_cache_hits_total{kind="record",layer="near"} ${requests / 2}
`,
    at,
  );
}

Deno.test("readMetrics() leaves out what is asked of a process for looking at it", () => {
  const { requests, inFlight, memory } = service(10, 0);
  assertEquals({ requests, inFlight, memory }, { requests: 10, inFlight: 2, memory: 1_000 });
});

Deno.test("vitalsBetween() takes rates over the time between two readings", () => {
  const { rps, cache, p50 } = vitalsBetween(service(10, 0), service(30, 5_000));
  assertEquals(rps, 4);
  assertEquals(cache.get("near"), { hits: 10, misses: 0 });
  assertAlmostEquals(p50 ?? 0, 0.05);
});

Deno.test("vitalsBetween() counts from nothing when the process has started anew", () => {
  assertEquals(vitalsBetween(service(100, 0), service(10, 5_000)).rps, 2);
});

Deno.test("hitRatio() is the share that gets past no layer, and nothing without reads", () => {
  const near = { hits: 50, misses: 50 };
  const shared = { hits: 30, misses: 20 };
  assertAlmostEquals(hitRatio(new Map([["near", near], ["shared", shared]])) ?? 0, 0.8);
  assertEquals(hitRatio(new Map([["near", { hits: 0, misses: 0 }]])), undefined);
});

Deno.test("addLayers() adds up what several processes read", () => {
  const one = new Map([["near", { hits: 1, misses: 2 }]]);
  assertEquals(addLayers([one, undefined, one]), new Map([["near", { hits: 2, misses: 4 }]]));
});
