import { assertEquals } from "@std/assert";
import { launchArguments } from "./launch.ts";
import { permissionsOf } from "./permissions.ts";
import type { PlannedProcess } from "./plan.ts";
import { v8Flags } from "./v8_flags.ts";

const edge: PlannedProcess = {
  name: "edge",
  group: "edge",
  role: "balancer",
  host: "127.0.0.1",
  port: 8_000,
  adminPort: 8_001,
  flags: [["upstream", "http://127.0.0.1:5000"], ["strategy", "round-robin"]],
  calls: [],
};

Deno.test("launchArguments() are the process's permissions, its program and its flags", () => {
  const root = "/flotilla";
  assertEquals(launchArguments(edge, { root, drain: 10 }), [
    "run",
    "--no-prompt",
    "--cached-only",
    ...v8Flags("balancer"),
    ...permissionsOf(edge, { root }),
    "/flotilla/balancer/main.ts",
    "--port=8000",
    "--host=127.0.0.1",
    "--name=edge",
    "--admin-port=8001",
    "--upstream=http://127.0.0.1:5000",
    "--strategy=round-robin",
    "--drain=10",
    "--supervised",
  ]);
});

Deno.test("launchArguments() ends with the flags that one process gets beyond its own", () => {
  const extraFlags = ({ role }: PlannedProcess) => role === "balancer" ? ["--extra"] : [];
  assertEquals(launchArguments(edge, { root: "/", drain: 1, extraFlags }).at(-1), "--extra");
});
