import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import small from "./topologies/small.json" with { type: "json" };
import { parseTopology, type Topology, TopologyError } from "./topology_schema.ts";

function parse(groups: Topology["groups"]) {
  return parseTopology({ extraPorts: 9_000, groups }, "test.json");
}

Deno.test("parseTopology() fills in the loopback address and no flags", () => {
  const { groups } = parse([{ name: "database", role: "store", port: 1_234 }]);
  assertEquals(groups, [
    { name: "database", role: "store", port: 1_234, host: "127.0.0.1", flags: {}, links: {} },
  ]);
});

Deno.test("parseTopology() names the file and every fault at once", () => {
  const error = assertThrows(
    () =>
      parse([
        { name: "gateway", role: "gateway", ports: [1_000, 1_001], links: { auth: "nobody" } },
        { name: "gateway", role: "gateway", port: 1_001 },
      ]),
    TopologyError,
  );
  assertMatch(error.message, /test\.json/);
  assertMatch(error.message, /port 1001 is given to more than one process/);
  assertMatch(error.message, /gateway is named twice/);
  assertMatch(error.message, /gateway calls nobody, which does not exist/);
});

Deno.test("parseTopology() wants a balancer before a role with many instances", () => {
  assertThrows(
    () =>
      parse([
        { name: "gateway", role: "gateway", port: 1_000, links: { service: "service" } },
        { name: "service", role: "service", ports: [1_001, 1_002] },
      ]),
    TopologyError,
    "put a balancer in between",
  );
});

Deno.test("parseTopology() refuses an unknown role, a port out of range and a field that it does not know", () => {
  for (
    const group of [
      { name: "a", role: "magician", port: 1_000 },
      { name: "a", role: "store", port: 70_000 },
      { name: "a", role: "store", port: 1_000, colour: "red" },
    ]
  ) {
    assertThrows(() => parseTopology({ extraPorts: 1, groups: [group] }, "test.json"), TopologyError);
  }
});

Deno.test("parseTopology() takes the example of a small system", () => {
  const { groups } = parseTopology(small, "topologies/small.json");
  assertEquals(groups.length, 8);
});
