import { assertEquals } from "@std/assert";
import { Metrics } from "./metrics_text.ts";

const TEXT = `# HELP requests what there is
# TYPE requests counter
requests{route="/data",note="a \\"b\\", c"} 3
requests{route="/metrics"} 4
seconds_bucket{le="0.1",route="/data"} 1
seconds_bucket{le="+Inf",route="/data"} 2
seconds_bucket{le="0.1",route="/other"} 5
seconds_bucket{le="+Inf",route="/other"} 5
this is no measure at all
up 1`;

Deno.test("Metrics reads samples with and without labels, and passes over the rest", () => {
  const metrics = new Metrics(TEXT);
  assertEquals([metrics.sum("up"), metrics.sum("requests"), metrics.sum("missing")], [1, 7, 0]);
  assertEquals(metrics.sum("requests", ({ route }) => route !== "/metrics"), 3);
  assertEquals(metrics.of("requests")[0]?.labels, { route: "/data", note: 'a "b", c' });
  assertEquals([metrics.has("up"), metrics.has("this")], [true, false]);
});

Deno.test("Metrics.buckets() adds up buckets by bound", () => {
  const metrics = new Metrics(TEXT);
  assertEquals([...metrics.buckets("seconds")], [[0.1, 6], [Infinity, 7]]);
  assertEquals([...metrics.buckets("seconds", ({ route }) => route === "/data")], [[0.1, 1], [Infinity, 2]]);
});
