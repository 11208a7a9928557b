import { assertEquals, assertThrows } from "@std/assert";
import { planProcesses } from "./plan.ts";
import { scaleSchema, scaleTopology } from "./scale.ts";
import { topology } from "./topology.ts";
import { parseTopology, TopologyError } from "./topology_schema.ts";

const checked = parseTopology(topology, "topology.ts");
const everythingFree = { isFree: (_port: number) => true };

function portsAfter(scale: string, group: string, options = everythingFree): number[] {
  const scaled = scaleTopology(checked, [scaleSchema.parse(scale)], options);
  return planProcesses(scaled, { data: "data" })
    .filter(({ name }) => name.replace(/_\d+$/, "") === group).map(({ port }) => port);
}

Deno.test("scaleTopology() adds instances on ports after the fixed ones", () => {
  assertEquals(portsAfter("service=4", "service"), [5003, 5004, 5100, 5101]);
});

Deno.test("scaleTopology() passes over ports that something else has", () => {
  const isFree = (port: number) => port !== 5100;
  assertEquals(portsAfter("service=4", "service", { isFree }), [5003, 5004, 5101, 5102]);
});

Deno.test("scaleTopology() gives extra instances of two groups different ports", () => {
  const scales = ["service=3", "worker=3"].map((text) => scaleSchema.parse(text));
  const { groups } = scaleTopology(checked, scales, everythingFree);
  const ports = groups.flatMap((group) => "ports" in group ? group.ports : []);
  assertEquals(ports.length, new Set(ports).size);
});

Deno.test("scaleTopology() gives an instance that comes back the port that it had", () => {
  const scale = (from: typeof checked, text: string) =>
    scaleTopology(from, [scaleSchema.parse(text)], { ...everythingFree, home: checked });
  const fewer = scale(scale(checked, "service=4"), "service=1");
  const again = scale(fewer, "service=3").groups.find(({ name }) => name === "service");
  assertEquals(again && "ports" in again && again.ports, [5003, 5004, 5100]);
});

Deno.test("scaleTopology() says when no port is left", () => {
  const isFree = (port: number) => port === 5163;
  assertEquals(portsAfter("service=3", "service", { isFree }), [5003, 5004, 5163]);
  assertThrows(
    () => portsAfter("service=4", "service", { isFree }),
    TopologyError,
    "Cannot scale service: every port from 5100 to 5163 is taken",
  );
});

Deno.test("scaleTopology() takes instances away", () => {
  assertEquals(portsAfter("worker=1", "worker"), [5008]);
});

Deno.test("scaleTopology() takes a role's name where only one group has the role", () => {
  assertEquals(portsAfter("gateway=3", "api_gateway"), [5000, 5001, 5100]);
});

Deno.test("scaleTopology() makes the balancer in front follow", () => {
  const scaled = scaleTopology(checked, [scaleSchema.parse("service=3")], everythingFree);
  const balancer = planProcesses(scaled, { data: "data" }).find(({ name }) =>
    name === "load_balancer_service"
  );
  assertEquals(balancer?.flags.filter(([flag]) => flag === "upstream").map(([, value]) => value), [
    "http://127.0.0.1:5003",
    "http://127.0.0.1:5004",
    "http://127.0.0.1:5100",
  ]);
});

Deno.test("scaleTopology() names a group that it cannot scale", () => {
  for (const text of ["nobody=2", "database=2", "balancer=2"]) {
    const [name = ""] = text.split("=");
    assertThrows(
      () => scaleTopology(checked, [scaleSchema.parse(text)], everythingFree),
      TopologyError,
      `Cannot scale ${name}`,
    );
  }
});

Deno.test("scaleSchema refuses what is not a count from 1 to 64", () => {
  for (const text of ["service", "service=", "service=0", "service=65", "service=-1", "=2", "service=2=3"]) {
    assertEquals(scaleSchema.safeParse(text).success, false, text);
  }
});
