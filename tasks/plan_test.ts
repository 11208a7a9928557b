import { assertEquals } from "@std/assert";
import { adminOriginOf, originOf, planProcesses } from "./plan.ts";
import { parseTopology } from "./topology_schema.ts";

const topology = parseTopology({
  extraPorts: 9_000,
  groups: [
    {
      name: "edge",
      role: "balancer",
      port: 80,
      adminPort: 81,
      host: "0.0.0.0",
      links: { upstream: "service" },
    },
    { name: "service", role: "service", ports: [90, 91], links: { database: "database", cache: "cache" } },
    { name: "database", role: "store", port: 100, flags: { path: "database.sqlite" } },
    { name: "cache", role: "store", port: 101, host: "::1", flags: { path: ":memory:", "max-bytes": 5 } },
  ],
}, "test.json");
const processes = planProcesses(topology, { data: "/srv/data" });

function flagsOf(name: string) {
  return processes.find((process) => process.name === name)?.flags;
}

Deno.test("planProcesses() names instances of a replicated group by number", () => {
  assertEquals(processes.map(({ name }) => name), ["edge", "service_1", "service_2", "database", "cache"]);
});

Deno.test("planProcesses() turns links into addresses", () => {
  assertEquals(flagsOf("edge"), [["upstream", "http://127.0.0.1:90"], ["upstream", "http://127.0.0.1:91"]]);
  assertEquals(flagsOf("service_2"), [["database", "http://127.0.0.1:100"], ["cache", "http://[::1]:101"]]);
});

Deno.test("planProcesses() puts relative files into the data folder", () => {
  assertEquals(flagsOf("database"), [["path", "/srv/data/database.sqlite"]]);
  assertEquals(flagsOf("cache"), [["path", ":memory:"], ["max-bytes", "5"]]);
});

Deno.test("planProcesses() lists whom each process calls", () => {
  assertEquals(processes.map(({ calls }) => calls), [
    ["service_1", "service_2"],
    ["database", "cache"],
    ["database", "cache"],
    [],
    [],
  ]);
});

Deno.test("originOf() calls a process that binds to every address by the loopback one", () => {
  assertEquals(originOf({ host: "0.0.0.0", port: 80 }), "http://127.0.0.1:80");
  assertEquals(originOf({ host: "::", port: 80 }), "http://[::1]:80");
});

Deno.test("adminOriginOf() is the process's own port unless it has one for administration", () => {
  assertEquals(adminOriginOf({ host: "127.0.0.1", port: 80, adminPort: 81 }), "http://127.0.0.1:81");
  assertEquals(adminOriginOf({ host: "127.0.0.1", port: 80 }), "http://127.0.0.1:80");
});
