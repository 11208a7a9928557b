import { assertEquals, assertNotEquals } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import { signIn } from "./client.ts";
import { canStartSystem, startSystem, type System } from "./system.ts";

const OPS = new URL("../ops/", import.meta.url);
const NAME = /\bflotilla_\w+/g;
/** What is asked of a histogram and is no measure by itself. */
const PART = /_(bucket|sum|count)$/;

/** Every measure that a file of `ops/` asks for. */
async function namesAskedFor(): Promise<Map<string, Set<string>>> {
  const asked = new Map<string, Set<string>>();
  for await (const { name: file } of Deno.readDir(OPS)) {
    const text = await Deno.readTextFile(new URL(file, OPS));
    const names = text.match(NAME) ?? [];
    asked.set(file, new Set(names.map((name) => name.replace(PART, ""))));
  }
  return asked;
}

/** Every measure that a process tells of, whether it has counted anything yet or not. */
async function namesTold(system: System): Promise<Set<string>> {
  const told = await Promise.all(system.names.map(async (name) => {
    const text = await (await fetch(`${system.adminOriginOf(name)}/metrics`)).text();
    return [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, measure = ""]) => measure);
  }));
  return new Set(told.flat());
}

Deno.test({
  name: "ops/: each measure that alerts and boards ask for is one that a process tells",
  ignore: !canStartSystem,
  async fn() {
    const asked = await namesAskedFor();
    assertNotEquals([...asked.values()].flatMap((names) => [...names]).length, 0);
    await using system = await startSystem();
    const admin = await signIn(system.origin);
    await admin.send("GET", "/data");
    const missing = async () => {
      const told = await namesTold(system);
      return [...asked].flatMap(([file, names]) =>
        [...names].filter((name) => !told.has(name)).map((name) => `${file}: ${name}`)
      );
    };
    // Some are told only after the first check, or the first task that was counted.
    await eventually(async () => (await missing()).length === 0).catch(() => {});
    assertEquals(await missing(), []);
  },
});
