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

Deno.test({
  name:
    "writeControlFile() lets one of two that start at the same time win, with and without a file of one killed",
  ignore,
  async fn() {
    const data = await Deno.makeTempDir();
    const running = ({ run }: { run: string }) => Promise.resolve(run !== "killed");
    for (const killed of [undefined, { ...first, run: "killed" }]) {
      if (killed !== undefined) await writeControlFile(data, killed, running);
      const ends = await Promise.allSettled(
        [first, second].map((control) => writeControlFile(data, control, running)),
      );
      assertEquals(ends.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
      for (const end of ends) if (end.status === "fulfilled") await end.value[Symbol.asyncDispose]();
    }
    await Deno.remove(data, { recursive: true });
  },
});

Deno.test({
  name: "writeControlFile() leaves the file of a system that took over",
  ignore,
  async fn() {
    const data = await Deno.makeTempDir();
    const taken = await writeControlFile(data, first, () => Promise.resolve(false));
    await writeControlFile(data, second, () => Promise.resolve(false));
    await taken[Symbol.asyncDispose]();
    assertEquals(await readControlFile(data), second);
    await Deno.remove(data, { recursive: true });
  },
});

Deno.test({
  name: "writeControlFile() puts a whole file in the place of the one before: no reader sees half of it",
  ignore,
  async fn() {
    const data = await Deno.makeTempDir();
    const running = () => Promise.resolve(false);
    await writeControlFile(data, first, running);
    using reader = await Deno.open(`${data}/control.json`);
    await writeControlFile(data, second, running);
    assertEquals(JSON.parse(await new Response(reader.readable).text()), first);
    assertEquals(((await Deno.stat(`${data}/control.json`)).mode ?? 0) & 0o777, 0o600);
    assertEquals((await Array.fromAsync(Deno.readDir(data), ({ name }) => name)).toSorted(), [
      "control.json",
      "control.lock",
    ]);
    await Deno.remove(data, { recursive: true });
  },
});
