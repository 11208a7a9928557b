import { assertEquals, assertRejects } from "@std/assert";
import { DataInUseError, readControlFile, writeControlFile } from "./control_file.ts";

const permitted = await Promise.all(
  (["read", "write"] as const).map(async (name) =>
    (await Deno.permissions.query({ name })).state === "granted"
  ),
);
const ignore = permitted.includes(false);

const first = { origin: "http://127.0.0.1:40001", run: "first", pid: 1 };
const second = { origin: "http://127.0.0.1:40002", run: "second", pid: 2 };

Deno.test({
  name:
    "writeControlFile() keeps a second system away while the first runs, and takes over from one that was killed",
  ignore,
  async fn() {
    const data = await Deno.makeTempDir();
    assertEquals(await readControlFile(data), undefined);
    await writeControlFile(data, first, () => Promise.resolve(true));
    const refused = () => writeControlFile(data, second, () => Promise.resolve(true));
    await assertRejects(refused, DataInUseError, "process 1");
    assertEquals(await readControlFile(data), first);
    {
      await using _file = await writeControlFile(data, second, () => Promise.resolve(false));
      assertEquals(await readControlFile(data), second);
    }
    assertEquals(await readControlFile(data), undefined);
    await Deno.remove(data, { recursive: true });
  },
});
