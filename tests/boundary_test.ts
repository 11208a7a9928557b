import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { send, signIn } from "./client.ts";
import { canStartSystem, startSystem, type System } from "./system.ts";

/** What a client could send to pass for somebody whom the gateway has let in. */
const FORGED = {
  "x-flotilla-assertion": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJpbnRydWRlciIsInJvbGUiOiJhZG1pbiJ9.",
  "x-flotilla-user": "intruder",
  "x-user": "intruder",
  "x-role": "admin",
  "x-forwarded-user": "intruder",
};

/** A request to each inner role that somebody who is let in gets an answer to. */
const INNER = [
  ["service_1", "GET", "/data"],
  ["load_balancer_service", "GET", "/data"],
  ["worker_1", "GET", "/longtask"],
  ["load_balancer_worker", "POST", "/longtask"],
  ["auth_service_1", "GET", "/auth/users"],
  ["load_balancer_auth", "GET", "/auth/me"],
  ["database", "POST", "/"],
  ["cache", "POST", "/"],
  ["worker_cache", "POST", "/"],
] as const;

const tasksSchema = z.object({ tasks: z.array(z.object({ id: z.string() })) });
const meSchema = z.object({ username: z.string(), role: z.string() });

async function innerPortsWantProof(system: System, headers: Record<string, string>): Promise<void> {
  for (const [name, method, path] of INNER) {
    const json = method === "POST" ? { task: "report", supportedVersions: [3] } : undefined;
    const { status, text } = await send(system.originOf(name), method, path, {
      headers,
      ...(json === undefined ? {} : { json }),
    });
    assertEquals([name, status], [name, 401], text);
  }
}

async function forgedHeadersChangeNothing(system: System): Promise<void> {
  for (const path of ["/data", "/auth/me", "/auth/users", "/longtask"]) {
    const { status, headers } = await send(system.origin, "GET", path, { headers: FORGED });
    assertEquals([path, status], [path, 401]);
    assert(headers.get("www-authenticate")?.startsWith("Bearer"), path);
  }
  const admin = await signIn(system.origin);
  const me = await admin.send("GET", "/auth/me", { headers: FORGED });
  assertEquals(meSchema.parse(me.body), { username: "admin", role: "admin" });
  const made = await admin.send("POST", "/longtask", { json: { task: "report" }, headers: FORGED });
  assertEquals(made.status, 202);
  const { body } = await admin.send("GET", "/longtask");
  assertEquals(tasksSchema.parse(body).tasks.length, 1, "the task is not the caller's own");
}

async function measuresStayInside(system: System): Promise<void> {
  const { token } = await signIn(system.origin);
  for (const path of ["/metrics", "/snapshot", "/upstreams", "/metrics/", "//metrics", "/data/../metrics"]) {
    const { status } = await send(system.origin, "GET", path, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert(status === 404 || status === 400, `${path}: ${status}`);
  }
  assertEquals((await send(system.originOf("service_1"), "GET", "/metrics")).status, 200);
}

Deno.test({
  name: "system: what must not pass from outside to inside",
  ignore: !canStartSystem,
  async fn(t) {
    await using system = await startSystem();
    await t.step("inner ports answer 401 without proof of who calls", () => innerPortsWantProof(system, {}));
    await t.step("inner ports answer 401 to forged proof", () => innerPortsWantProof(system, FORGED));
    await t.step(
      "forged internal headers change nothing at the edge",
      () => forgedHeadersChangeNothing(system),
    );
    await t.step(
      "measures and administration are not reachable through the edge",
      () => measuresStayInside(system),
    );
    await t.step("a token of the API opens no inner port", async () => {
      const { token } = await signIn(system.origin);
      const { status } = await send(system.originOf("database"), "POST", "/", {
        json: { supportedVersions: [3] },
        headers: { authorization: `Bearer ${token}` },
      });
      assertEquals(status, 401);
    });
  },
});
