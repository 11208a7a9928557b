import { assert, assertEquals } from "@std/assert";
import { permissionsOf } from "./permissions.ts";
import { type PlannedProcess, planProcesses } from "./plan.ts";
import { topology } from "./topology.ts";
import { extraPortsFrom, parseTopology } from "./topology_schema.ts";
import { withWebhooks } from "./webhooks.ts";

const root = "/flotilla";
const processes = planProcesses(parseTopology(topology, "topology.ts"), { data: "/flotilla/data" });

function permissions(name: string): Record<string, string[]> {
  const process = processes.find((candidate) => candidate.name === name);
  assert(process !== undefined, name);
  return byKind(process);
}

function byKind(process: PlannedProcess): Record<string, string[]> {
  return Object.fromEntries(
    permissionsOf(process, { root }).map((flag) => {
      const [kind = "", values = ""] = flag.split("=");
      return [kind.replace("--allow-", ""), values.split(",")];
    }),
  );
}

/** Where instances listen that join later. */
const later = extraPortsFrom(5_100).map((port) => `127.0.0.1:${port}`);

Deno.test("permissionsOf() gives a balancer its ports and its upstreams, those that may join too, and no file", () => {
  assertEquals(permissions("load_balancer_api_gateway"), {
    net: ["127.0.0.1:8000", "127.0.0.1:8001", "127.0.0.1:5000", "127.0.0.1:5001", ...later],
    env: ["FLOTILLA_ENV", "FLOTILLA_LOG_LEVEL", "FLOTILLA_ADMIN_TOKEN"],
  });
});

Deno.test("permissionsOf() gives a store its one file with its log, and no other address", () => {
  assertEquals(permissions("database"), {
    net: ["127.0.0.1:5005"],
    read: ["/flotilla/data/database.sqlite", "/flotilla/data/database.sqlite-redo"],
    write: ["/flotilla/data/database.sqlite", "/flotilla/data/database.sqlite-redo"],
    env: ["FLOTILLA_ENV", "FLOTILLA_LOG_LEVEL", "DENO_KV_ACCESS_TOKEN"],
  });
});

Deno.test("permissionsOf() gives a store in memory no file", () => {
  assertEquals(Object.keys(permissions("cache")), ["net", "env"]);
});

Deno.test("permissionsOf() gives a service its two stores", () => {
  assertEquals(permissions("service_1"), {
    net: ["127.0.0.1:5003", "127.0.0.1:5005", "127.0.0.1:5006"],
    env: ["FLOTILLA_ENV", "FLOTILLA_LOG_LEVEL", "DENO_KV_ACCESS_TOKEN", "FLOTILLA_INTERNAL_KEY"],
  });
});

Deno.test("permissionsOf() gives a gateway its balancers, and the stores of revocations and limits", () => {
  assertEquals(permissions("api_gateway_1")["net"], [
    ...[
      "127.0.0.1:5000",
      "127.0.0.1:5013",
      "127.0.0.1:5002",
      "127.0.0.1:5007",
      "127.0.0.1:5005",
      "127.0.0.1:5006",
    ],
    ...later,
  ]);
});

Deno.test("permissionsOf() keeps the token of the stores from balancers", () => {
  assertEquals(permissions("load_balancer_service")["env"]?.includes("DENO_KV_ACCESS_TOKEN"), false);
});

Deno.test("permissionsOf() lets a gateway, and nobody else, look at all processes where they answer for themselves", () => {
  const [lookingAt, own] = ["api_gateway_1", "service_1"].map((name) => {
    const process = processes.find((candidate) => candidate.name === name);
    assert(process !== undefined, name);
    return permissionsOf(process, { root, processes })[0]?.split(",") ?? [];
  });
  const addresses = processes.map(({ host, port, adminPort = port }) => `${host}:${adminPort}`);
  const seen = lookingAt?.map((address) => address.replace("--allow-net=", "")) ?? [];
  assertEquals(addresses.filter((address) => !seen.includes(address)), []);
  assertEquals(own?.length, 3);
});

Deno.test("permissionsOf() lets a gateway, and nobody else, pass orders on", () => {
  const control = "http://127.0.0.1:40123";
  const allowed = processes.filter((process) =>
    permissionsOf(process, { root, control })[0]?.split(/[=,]/).includes("127.0.0.1:40123")
  );
  assertEquals(allowed.map(({ name }) => name), ["api_gateway_1", "api_gateway_2"]);
});

Deno.test("permissionsOf() lets auth read the source of its Web Workers and lower their priority, and write nothing", () => {
  assertEquals(permissions("auth_service_1")["read"], ["/flotilla/auth"]);
  assertEquals(permissions("auth_service_1")["write"], undefined);
  assertEquals(permissions("auth_service_1")["sys"], ["setPriority"]);
  assertEquals(permissions("service_1")["sys"], undefined);
});

Deno.test("permissionsOf() takes a target that is no address for a file of Deno KV", () => {
  const service: PlannedProcess = {
    name: "service",
    group: "service",
    role: "service",
    host: "127.0.0.1",
    port: 5_003,
    flags: [["database", "/srv/kv.sqlite"], ["cache", ":memory:"]],
    calls: [],
  };
  const { net, read, write } = byKind(service);
  assertEquals({ net, read, write }, {
    net: ["127.0.0.1:5003"],
    read: ["/srv/kv.sqlite"],
    write: ["/srv/kv.sqlite"],
  });
});

Deno.test("permissionsOf() fills in the port that a URL leaves out", () => {
  const worker: PlannedProcess = {
    name: "worker",
    group: "worker",
    role: "worker",
    host: "::1",
    port: 5_008,
    flags: [["store", "https://kv.example"], ["service", "http://[::1]:5002"]],
    calls: [],
  };
  assertEquals(byKind(worker)["net"], ["[::1]:5008", "kv.example:443", "[::1]:5002"]);
});

Deno.test("permissionsOf() takes an upstream with a weight for the address that it is", () => {
  const balancer: PlannedProcess = {
    name: "balancer",
    group: "balancer",
    role: "balancer",
    host: "127.0.0.1",
    port: 8_000,
    flags: [["upstream", "http://10.0.0.1:5000;weight=2"]],
    calls: [],
  };
  assertEquals(permissionsOf(balancer, { root })[0], "--allow-net=127.0.0.1:8000,10.0.0.1:5000");
});

Deno.test("permissionsOf() gives the addresses outside that a group names, and every address to workers with webhooks", () => {
  const checked = parseTopology(topology, "topology.ts");
  const net = (changed: typeof checked, name: string) => {
    const process = planProcesses(changed, { data: "" }).find((candidate) => candidate.name === name);
    assert(process !== undefined);
    return permissionsOf(process, { root }).find((flag) => flag.startsWith("--allow-net")) ?? "";
  };
  const groups = checked.groups.map((group) =>
    group.role === "worker" ? { ...group, net: ["192.0.2.1:443"] } : group
  );
  assert(net({ ...checked, groups }, "worker_1").endsWith(",192.0.2.1:443"));
  assertEquals(net(withWebhooks(checked), "worker_2"), "--allow-net");
  assertEquals(net(withWebhooks(checked), "service_1"), net(checked, "service_1"));
});

Deno.test("permissionsOf() never gives everything", () => {
  for (const process of processes) {
    for (const flag of permissionsOf(process, { root })) {
      assert(/^--allow-(net|read|write|env|sys)=.+$/.test(flag), `${process.name}: ${flag}`);
    }
  }
});
