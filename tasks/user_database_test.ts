import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { planProcesses } from "./plan.ts";
import { topology } from "./topology.ts";
import { parseTopology } from "./topology_schema.ts";
import { newDatabase, userDatabase } from "./user_database.ts";

const permitted = await Promise.all(
  (["read", "write"] as const).map(async (name) =>
    (await Deno.permissions.query({ name })).state === "granted"
  ),
);
const ignore = permitted.includes(false);

async function inFolder(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(join(folder, "database.sqlite"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("userDatabase() is the file of the store that auth uses", () => {
  const processes = planProcesses(parseTopology(topology, "topology.ts"), { data: "/srv" });
  assertEquals(userDatabase(processes), "/srv/database.sqlite");
});

Deno.test("userDatabase() is undefined when auth uses a store that is not of this system", () => {
  const processes = planProcesses(
    parseTopology({
      extraPorts: 1,
      groups: [{ name: "auth", role: "auth", port: 10, flags: { database: "https://kv.example" } }],
    }, "test.json"),
    { data: "/srv" },
  );
  assertEquals(userDatabase(processes), undefined);
});

Deno.test({
  name: "newDatabase() is fresh until its users are there",
  ignore,
  fn: () =>
    inFolder(async (path) => {
      const database = await newDatabase(path);
      assert(database.fresh);
      await Deno.writeTextFile(path, "");
      await database.settle();
      assert(!database.fresh);
      assert(!(await newDatabase(path)).fresh);
    }),
});

Deno.test({
  name: "newDatabase() is fresh again when the first start was interrupted",
  ignore,
  fn: () =>
    inFolder(async (path) => {
      await newDatabase(path);
      await Deno.writeTextFile(path, "");
      assert((await newDatabase(path)).fresh);
    }),
});

Deno.test({
  name: "newDatabase() is not fresh for a database that somebody else made",
  ignore,
  fn: () =>
    inFolder(async (path) => {
      await Deno.writeTextFile(path, "");
      assert(!(await newDatabase(path)).fresh);
    }),
});
