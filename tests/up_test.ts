import { eventually } from "@flotilla/runtime/testing";
import { isFree } from "@flotilla/runtime";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { signIn } from "./client.ts";
import { canStartSystem, launchSystem, startSystem, type SystemOptions } from "./system.ts";

const ignore = !canStartSystem;

/** Starts a supervisor that is to end by itself, and tells how. */
async function refusal(options: SystemOptions): Promise<{ code: number; text: string }> {
  await using start = await launchSystem(options);
  const { code } = await start.ended;
  await start.output.ended;
  assert(!start.output.text.includes("is ready"), start.output.text);
  return { code, text: start.output.text };
}

Deno.test({
  name: "up names an unknown flag and exits 2",
  ignore,
  async fn() {
    const { code, text } = await refusal({ flags: ["--colour", "red"] });
    assertEquals(code, 2);
    assertStringIncludes(text, "--colour");
  },
});

Deno.test({
  name: "up names a role that cannot be scaled, and a topology that cannot be read, and exits 2",
  ignore,
  async fn() {
    const scaled = await refusal({ flags: ["--scale", "database=2"] });
    assertEquals(scaled.code, 2);
    assertStringIncludes(scaled.text, "Cannot scale database");
    const unread = await refusal({ flags: ["--topology", "/nowhere.json"] });
    assertEquals(unread.code, 2);
    assertStringIncludes(unread.text, "/nowhere.json");
  },
});

Deno.test({
  name: "up says that it cannot write where data is to be kept, and exits 1",
  ignore,
  async fn() {
    const { code, text } = await refusal({ flags: ["--data", "/proc/flotilla"] });
    assertEquals(code, 1);
    assertStringIncludes(text, "Cannot keep data in /proc/flotilla: ");
    assert(!text.includes("    at "), text);
  },
});

Deno.test({
  name: "up names every secret that is missing in production and exits 2",
  ignore,
  async fn() {
    const { code, text } = await refusal({ environment: { FLOTILLA_ENV: "production" } });
    assertEquals(code, 2);
    assertMatch(text, /DENO_KV_ACCESS_TOKEN is not set/);
    assertMatch(text, /FLOTILLA_INTERNAL_KEY is not set/);
  },
});

Deno.test({
  name: "up passes on why a process cannot start, stops the others and exits 1",
  ignore,
  async fn() {
    await using start = await launchSystem({ groupFlags: { cache: { "max-bytes": -1 } } });
    const { code } = await start.ended;
    await start.output.ended;
    assertEquals(code, 1);
    assertStringIncludes(start.output.text, "Cannot start cache: --max-bytes");
  },
});

Deno.test({
  name: "up names a port that is taken and the process that holds it, and starts nothing",
  ignore,
  async fn() {
    await using system = await startSystem();
    const { port } = new URL(system.originOf("database"));
    const { code, text } = await refusal({ topology: system.topology });
    assertEquals(code, 1);
    assertStringIncludes(text, `database needs 127.0.0.1:${port}`);
    assertStringIncludes(text, `process ${system.pidOf("database")}: `);
  },
});

Deno.test({
  name: "up --scale runs more instances, and their balancer sends requests to all",
  ignore,
  async fn() {
    await using system = await startSystem({ flags: ["--scale", "service=3"] });
    const client = await signIn(system.origin);
    await eventually(async () => {
      const { headers } = await client.send("GET", "/data/welcome");
      return headers.get("x-upstream-served-by") === "service_3";
    }, { what: "an answer of service_3" });
  },
});

Deno.test({
  name: "up leaves nothing running when it is ended by kill -9",
  ignore,
  async fn() {
    await using system = await startSystem();
    system.signal("SIGKILL");
    await system.ended;
    await eventually(() => system.ports.every((port) => isFree(port)), {
      timeout: 30_000,
      what: "every process to stop",
    });
  },
});

Deno.test({
  name: "up makes the account for development in a new database only, and keeps what is in an old one",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const data = join(folder, "data");
    {
      await using system = await startSystem({ data });
      assertStringIncludes(system.output.text, "account for development");
      const { status } = await (await signIn(system.origin)).send("PUT", "/data/kept", {
        json: { value: 1 },
      });
      assertEquals(status, 201);
      assertEquals((await system.stop()).code, 0);
    }
    {
      await using system = await startSystem({ data });
      assert(!system.output.text.includes("account for development"), system.output.text);
      const { status } = await (await signIn(system.origin)).send("GET", "/data/kept");
      assertEquals(status, 200);
    }
    await Deno.remove(folder, { recursive: true });
  },
});
