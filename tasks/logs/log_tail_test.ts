import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { LogTail } from "./log_tail.ts";

const granted = async (name: "read" | "write") =>
  (await Deno.permissions.query({ name })).state === "granted";
const ignore = !(await granted("read") && await granted("write"));

async function inFolder(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(join(folder, "service_1.log"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const append = (path: string, text: string) => Deno.writeTextFile(path, text, { append: true });

Deno.test({
  name: "LogTail.read() gives whole lines, each once, also of a file that is not there yet",
  ignore,
  fn: () =>
    inFolder(async (path) => {
      using tail = new LogTail(path);
      assertEquals(await tail.read(), []);
      await append(path, "one\ntw");
      assertEquals(await tail.read(), ["one"]);
      await append(path, "o\n");
      assertEquals(await tail.read(), ["two"]);
    }),
});

Deno.test({
  name: "LogTail.read() misses nothing when the file is renamed and begun anew",
  ignore,
  fn: () =>
    inFolder(async (path) => {
      using tail = new LogTail(path);
      await append(path, "one\n");
      assertEquals(await tail.read(), ["one"]);
      await append(path, "two\n");
      await Deno.rename(path, `${path}.1`);
      await append(path, "three\n");
      assertEquals(await tail.read(), ["two", "three"]);
    }),
});
