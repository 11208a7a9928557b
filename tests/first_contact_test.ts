import { eventually } from "@flotilla/runtime/testing";
import { isFree } from "@flotilla/runtime";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import { type Client, send, signIn } from "./client.ts";
import { canStartSystem, startSystem, type System } from "./system.ts";

const pageSchema = z.object({ cached: z.boolean(), data: z.array(z.object({ id: z.string() })) });
const recordSchema = z.object({
  cached: z.boolean(),
  data: z.object({ id: z.string(), value: z.unknown() }),
});
const queuedSchema = z.object({ status: z.literal("Task queued"), id: z.string(), url: z.string() });
const taskSchema = z.object({ status: z.string() });
const doneSchema = z.object({
  status: z.literal("succeeded"),
  progress: z.literal(1),
  result: z.object({ records: z.number() }).loose().or(z.record(z.string(), z.unknown())),
  files: z.array(z.object({ name: z.string(), url: z.string(), type: z.string() })),
});
const problemSchema = z.object({ title: z.string(), status: z.int(), detail: z.string() }).loose();

async function theThreeCurls(system: System): Promise<void> {
  const client = await signIn(system.origin);
  const first = await client.send("GET", "/data");
  assertEquals(first.status, 200);
  assertEquals(pageSchema.parse(first.body).data.map(({ id }) => id), ["welcome"]);
  const second = await client.send("GET", "/data");
  assertEquals([second.status, pageSchema.parse(second.body).cached], [200, true]);
  const queued = await client.send("POST", "/longtask", { json: { task: "report" } });
  assertEquals(queued.status, 202);
  const { id, url } = queuedSchema.parse(queued.body);
  assertEquals([url, queued.headers.get("location")], [`/longtask/${id}`, `/longtask/${id}`]);
  await theReport(client, url);
}

async function theReport(client: Client, url: string): Promise<void> {
  const over = await eventually(async () => {
    const { body } = await client.send("GET", url);
    return ["queued", "running", "retrying"].includes(taskSchema.parse(body).status) ? undefined : body;
  }, { what: "the report" });
  const { files } = doneSchema.parse(over);
  const [csv] = files;
  assert(csv !== undefined);
  const download = await client.send("GET", csv.url);
  assertEquals(download.status, 200);
  assertStringIncludes(download.headers.get("content-type") ?? "", "text/csv");
  assert(download.text.split("\n").length > 2, download.text);
}

async function servedBy(client: Client, header: string, path: string): Promise<Set<string>> {
  const names = new Set<string>();
  for (let request = 0; request < 8; request++) {
    const { headers } = await client.send("GET", path);
    names.add(headers.get(header) ?? "nobody");
  }
  return names;
}

async function writesAreSeen(system: System): Promise<void> {
  const [first, second] = ["api_gateway_1", "api_gateway_2"].map((name) => system.originOf(name));
  assert(first !== undefined && second !== undefined);
  const { token } = await signIn(system.origin);
  const headers = { authorization: `Bearer ${token}` };
  for (let round = 0; round < 20; round++) {
    const [writer, reader] = round % 2 === 0 ? [first, second] : [second, first];
    const written = await send(writer, "PUT", "/data/counter", { json: { value: round }, headers });
    assert([200, 201].includes(written.status), written.text);
    for (let read = 0; read < 2; read++) {
      const { body } = await send(reader, "GET", "/data/counter", { headers });
      assertEquals(recordSchema.parse(body).data.value, round);
    }
  }
}

async function errorsAreProblems(client: Client): Promise<void> {
  const requests = [["GET", "/data/missing", 404], ["GET", "/nowhere", 404], [
    "PATCH",
    "/data",
    405,
  ]] as const;
  for (const [method, path, status] of requests) {
    const id = crypto.randomUUID();
    const answer = await client.send(method, path, { headers: { "x-request-id": id } });
    assertEquals([path, answer.status], [path, status]);
    assertEquals(answer.headers.get("content-type")?.split(";")[0], "application/problem+json");
    assertEquals(answer.headers.get("x-request-id"), id);
    assertEquals(problemSchema.parse(answer.body).status, status);
    assertStringIncludes(answer.text, id);
    assert(!/ at .*\.ts/.test(answer.text), answer.text);
  }
}

Deno.test({
  name: "system: what a new user tries first",
  ignore: !canStartSystem,
  async fn(t) {
    await using system = await startSystem();
    await t.step("fifteen processes run, each as a process of its own", () => {
      assertEquals(new Set(system.names.map((name) => system.pidOf(name))).size, 15);
    });
    await t.step(
      "the three curls of the README answer 200, 200 and 202, and the report comes",
      () => theThreeCurls(system),
    );
    const client = await signIn(system.origin);
    await t.step("requests alternate over the gateways", async () => {
      const names = [];
      for (let request = 0; request < 4; request++) {
        names.push((await client.send("GET", "/healthz")).headers.get("x-served-by"));
      }
      assertEquals(names.slice(2), names.slice(0, 2));
      assertEquals(new Set(names), new Set(["api_gateway_1", "api_gateway_2"]));
    });
    await t.step("data requests reach both services", async () => {
      assertEquals(
        await servedBy(client, "x-upstream-served-by", "/data/welcome"),
        new Set(["service_1", "service_2"]),
      );
    });
    await t.step(
      "a write through one gateway is seen by the next read through the other",
      () => writesAreSeen(system),
    );
    await t.step(
      "errors are problem answers with the request's id and no stack",
      () => errorsAreProblems(client),
    );
    await t.step("a bad password is 401, and says no more than that", async () => {
      const wrong = { username: "admin", password: "a password that is wrong" };
      const { status, text } = await send(system.origin, "POST", "/auth/login", { json: wrong });
      assertEquals(status, 401);
      assertMatch(text, /"status":401/);
    });
    await t.step("Ctrl-C drains everything and leaves no process and no port", async () => {
      const { code } = await system.stop();
      assertEquals(code, 0, system.output.text);
      assert(!/by force|cut off/.test(await system.logs()), system.output.text);
      assertEquals(system.ports.filter((port) => !isFree(port)), []);
    });
  },
});
