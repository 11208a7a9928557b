import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { LogFile } from "./log_file.ts";

const permitted = await Promise.all(
  (["read", "write"] as const).map(async (name) =>
    (await Deno.permissions.query({ name })).state === "granted"
  ),
);
const ignore = permitted.includes(false);

async function inFolder(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(join(folder, "service_1.log"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "LogFile goes on with the file that is there",
  ignore,
  fn: () =>
    inFolder(async (path) => {
      for (const line of ["one", "two"]) {
        using log = new LogFile(path);
        log.append(line);
      }
      assertEquals(await Deno.readTextFile(path), "one\ntwo\n");
    }),
});

Deno.test({
  name: "LogFile keeps its bound and one older file",
  ignore,
  fn: () =>
    inFolder(async (path) => {
      using log = new LogFile(path, { maxBytes: 8 });
      for (const line of ["one", "two", "three", "four"]) log.append(line);
      assertEquals(await Deno.readTextFile(path), "four\n");
      assertEquals(await Deno.readTextFile(`${path}.1`), "three\n");
      await assertRejects(() => Deno.stat(`${path}.2`), Deno.errors.NotFound);
    }),
});
