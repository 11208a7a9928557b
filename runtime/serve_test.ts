import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { eventually } from "./eventually.ts";

const names = ["net", "run", "read", "env"] as const;
const states = await Promise.all(names.map((name) => Deno.permissions.query({ name })));
const ignore = states.some(({ state }) => state !== "granted");

const PROGRAM = fromFileUrl(new URL("./testdata/echo_role.ts", import.meta.url));

/** A process of a small role: `/slow` answers with what it is sent when that has ended, `/endless` never ends. */
async function startRole(...args: string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env", PROGRAM, "--port", "0", ...args],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "";
  const logged = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (log += text) }),
  );
  const origin = await eventually(() => /listens on (http:\/\/127\.0\.0\.1:\d+)/.exec(log)?.[1], {
    timeout: 60_000,
    what: "a role that listens",
    unless: logged,
  });
  const stdin = child.stdin.getWriter();
  return {
    origin,
    stdin,
    log: () => log,
    signal: (name: Deno.Signal) => child.kill(name),
    async ended() {
      const { code } = await child.status;
      await logged;
      await stdin.close().catch(() => {});
      return code;
    },
  };
}

const text = async (response: Promise<Response>) => await (await response).text();

Deno.test({
  name: "serve() on SIGTERM turns unready, finishes what is in flight and exits 0",
  ignore,
  async fn() {
    const role = await startRole();
    const { readable, writable } = new TextEncoderStream();
    const slow = text(fetch(`${role.origin}/slow`, { method: "POST", body: readable }));
    await eventually(async () => (await text(fetch(`${role.origin}/waiting`))) === "1");
    assertEquals((await fetch(`${role.origin}/readyz`).then((r) => r.json())).status, "ready");
    role.signal("SIGTERM");
    await eventually(async () => (await text(fetch(`${role.origin}/readyz`))).includes("draining"));
    // From here on the port may be closed at any time; what is in flight comes in pieces while that happens.
    const writer = writable.getWriter();
    for (let piece = 0; piece < 100; piece++) {
      await writer.write("more ");
      await text(fetch(`${role.origin}/readyz`)).catch(() => "closed");
    }
    await writer.close();
    assertEquals(await slow, "more ".repeat(100));
    assertEquals(await role.ended(), 0);
    assertStringIncludes(role.log(), "has stopped");
  },
});

Deno.test({
  name: "serve() cuts off after --drain seconds what does not finish",
  ignore,
  async fn() {
    const role = await startRole("--drain", "0.1");
    const response = await fetch(`${role.origin}/endless`);
    role.signal("SIGINT");
    assertEquals(await role.ended(), 0);
    assertStringIncludes(role.log(), "cut off");
    await response.text().catch(() => "cut");
  },
});

Deno.test({
  name: "serve() under --supervised ignores SIGINT and stops when standard input ends",
  ignore,
  async fn() {
    const role = await startRole("--supervised");
    role.signal("SIGINT");
    assertEquals(await text(fetch(`${role.origin}/waiting`)), "0");
    await role.stdin.close();
    assertEquals(await role.ended(), 0);
  },
});

Deno.test({
  name: "serve() names a port that is taken and exits 2",
  ignore,
  async fn() {
    const role = await startRole();
    const port = new URL(role.origin).port;
    const second = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env", PROGRAM, "--port", port],
    }).output();
    role.signal("SIGINT");
    await role.ended();
    assertEquals(second.code, 2);
    assertStringIncludes(new TextDecoder().decode(second.stderr), `127.0.0.1:${port} is taken`);
  },
});
