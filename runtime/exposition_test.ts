import { assertEquals } from "@std/assert";
import { parseExposition } from "./exposition.ts";

const TEXT = `# HELP requests what there is
# TYPE requests counter
requests{route="/data",note="a \\"b\\", c"} 3
requests{route="/metrics"} 4
seconds_bucket{le="+Inf",route="/data"} 2
this is no measure at all
up 1`;

Deno.test("parseExposition() reads samples with and without labels, and passes over the rest", () => {
  assertEquals(parseExposition(TEXT), [
    { name: "requests", labels: { route: "/data", note: 'a "b", c' }, value: 3 },
    { name: "requests", labels: { route: "/metrics" }, value: 4 },
    { name: "seconds_bucket", labels: { le: "+Inf", route: "/data" }, value: 2 },
    { name: "up", labels: {}, value: 1 },
  ]);
});

Deno.test("parseExposition() reads the names alone that are wanted", () => {
  assertEquals(parseExposition(TEXT, new Set(["up"])), [{ name: "up", labels: {}, value: 1 }]);
});
