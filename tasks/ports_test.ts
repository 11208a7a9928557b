import { assertEquals, assertStringIncludes } from "@std/assert";
import { describeTakenPorts, takenPorts } from "./ports.ts";

const net = (await Deno.permissions.query({ name: "net" })).state === "granted";

Deno.test({
  name: "takenPorts() names the process that needs a taken port, its port for administration too",
  ignore: !net,
  fn() {
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const other = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const free = other.addr.port;
    other.close();
    const edge = {
      name: "edge",
      group: "edge",
      role: "balancer" as const,
      host: "127.0.0.1",
      flags: [],
      calls: [],
    };
    const adminPort = listener.addr.port;
    assertEquals(takenPorts([{ ...edge, port: free, adminPort }]), [
      { name: "edge", host: "127.0.0.1", port: adminPort },
    ]);
  },
});

Deno.test("describeTakenPorts() names the process that holds a port", () => {
  const taken = [{ name: "database", host: "127.0.0.1", port: 5_005 }];
  const text = describeTakenPorts(taken, new Map([[5_005, { pid: 42, command: "python3 -m http.server" }]]));
  assertStringIncludes(text, "database needs 127.0.0.1:5005");
  assertStringIncludes(text, "process 42: python3 -m http.server");
});

Deno.test("describeTakenPorts() says how to find a process that it cannot see", () => {
  const taken = [{ name: "database", host: "127.0.0.1", port: 5_005 }];
  assertStringIncludes(describeTakenPorts(taken, new Map()), "ss -ltnp 'sport = :5005'");
});
