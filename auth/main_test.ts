import { assertEquals, assertStringIncludes } from "@std/assert";

const permissions = await Promise.all(
  (["run", "net", "read"] as const).map((name) => Deno.permissions.query({ name })),
);
const ignore = permissions.some(({ state }) => state !== "granted");

/** Runs a program of auth to its end. */
async function run(program: string, args: readonly string[], env: Record<string, string>) {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-net",
      "--allow-env",
      "--allow-read",
      "--allow-write",
      new URL(program, import.meta.url).pathname,
      ...args,
    ],
    env,
    stdin: "null",
  });
  const { code, stderr } = await command.output();
  return { code, text: new TextDecoder().decode(stderr) };
}

const PRODUCTION = {
  FLOTILLA_ENV: "production",
  FLOTILLA_INTERNAL_KEY: "a key for one test of 32 characters",
};

Deno.test({
  name: "main.ts refuses --seed-development-admin in production, and exits 2",
  ignore,
  async fn() {
    const args = ["--port", "0", "--database", ":memory:", "--seed-development-admin"];
    const { code, text } = await run("./main.ts", args, PRODUCTION);
    assertEquals(code, 2);
    assertStringIncludes(text, "FLOTILLA_ENV is production");
  },
});

Deno.test({
  name: "main.ts refuses to start in production without an internal key, and names it",
  ignore,
  async fn() {
    const args = ["--port", "0", "--database", ":memory:"];
    const { code, text } = await run("./main.ts", args, { ...PRODUCTION, FLOTILLA_INTERNAL_KEY: "" });
    assertEquals(code, 2);
    assertStringIncludes(text, "FLOTILLA_INTERNAL_KEY is not set");
  },
});

Deno.test({
  name: "main.ts serves, hashes on threads of its own, and stops when its supervisor is gone",
  ignore,
  async fn() {
    const args = ["--port", "0", "--database", ":memory:", "--seed-development-admin", "--supervised"];
    const { code, text } = await run("./main.ts", args, {});
    assertEquals(code, 0);
    assertStringIncludes(text, "Made the account admin");
    assertStringIncludes(text, "has stopped");
    assertEquals(text.includes("Hashing on the main thread"), false);
  },
});

Deno.test({
  name: "rotate_keys.ts says when the new key signs",
  ignore,
  async fn() {
    const { code, text } = await run("./rotate_keys.ts", ["--database", ":memory:"], {});
    assertEquals(code, 0);
    assertStringIncludes(text, "is published; it signs from");
  },
});
