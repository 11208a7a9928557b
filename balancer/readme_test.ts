import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { freePort } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import { dirname, fromFileUrl } from "@std/path";

const names = ["net", "run", "read", "env"] as const;
const states = await Promise.all(names.map((name) => Deno.permissions.query({ name })));
const ignore = states.some(({ state }) => state !== "granted");

const HERE = dirname(fromFileUrl(import.meta.url));

/** The first block of this language in a document of this folder. */
async function example(file: string, language: string): Promise<string> {
  const text = await Deno.readTextFile(`${HERE}/${file}`);
  return new RegExp(`^\`\`\`${language}[^\n]*\n(.*?)^\`\`\``, "ms").exec(text)?.[1] ?? "";
}

/** What a document calls the ports, and the ports of this test: two servers behind, and those that nobody has. */
function places() {
  const server = () =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response("behind"));
  const servers = [server(), server()];
  const ports = new Map([
    ...servers.map(({ addr }, index) => [`500${index}`, addr.port] as const),
    ["8000", freePort()],
    ["8001", freePort()],
  ]);
  return {
    port: ports.get("8000"),
    /** The text with the ports of this test. */
    moved: (text: string) => text.replace(/\b(?:500[01]|800[01])\b/g, (port) => String(ports.get(port))),
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server.shutdown();
    },
  };
}

/** Runs a program until it passes requests on, with this text on its standard input. */
async function passesRequestsOn(
  program: string,
  options: { args: readonly string[]; input?: string; port: number | undefined },
): Promise<void> {
  const { args, input = "", port } = options;
  const child = new Deno.Command(program, {
    args: [...args],
    cwd: dirname(HERE),
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await ReadableStream.from([new TextEncoder().encode(input)]).pipeTo(child.stdin);
  try {
    // The program is checked first, which on a busy machine takes as long as it takes.
    await eventually(
      async () => await (await fetch(`http://127.0.0.1:${port}/`)).text() === "behind",
      { timeout: 120_000, what: "an answer through the program", unless: child.status },
    );
  } finally {
    try {
      child.kill("SIGTERM");
    } catch { /* it has ended by itself */ }
    await child.status;
  }
}

for (const file of ["README.md", "http1/README.md"]) {
  Deno.test({
    name: `${file}: the example with the library runs as it is written`,
    ignore,
    async fn() {
      await using here = places();
      const program = await example(file, "ts");
      assertLessOrEqual(program.trim().split("\n").length, 10);
      await passesRequestsOn(Deno.execPath(), {
        args: ["run", "--check", "--no-prompt", "--allow-net", "--allow-env", "-"],
        input: here.moved(program),
        port: here.port,
      });
    },
  });
}

Deno.test({
  name: "README.md: the example with the process runs as it is written",
  ignore,
  async fn() {
    await using here = places();
    const command = await example("README.md", "sh");
    assert(command.startsWith("deno task balancer "));
    assertEquals(here.moved(command).match(/--upstream/g)?.length, 2);
    await passesRequestsOn("sh", { args: ["-c", `exec ${here.moved(command)}`], port: here.port });
  },
});
