import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { removeLeftFolders } from "./left_folders.ts";
import { canStartSystem } from "./system.ts";

Deno.test({
  name: "removeLeftFolders() removes what has the prefix and is a day older, and nothing else",
  ignore: !canStartSystem,
  async fn() {
    const parent = await Deno.makeTempDir();
    const now = Date.now() / 1_000;
    for (
      const [name, age] of [["x_own", 0], ["x_left", 90_000], ["x_recent", 80_000], [
        "y_left",
        90_000,
      ]] as const
    ) {
      await Deno.mkdir(join(parent, name));
      await Deno.writeTextFile(join(parent, name, "topology.json"), "{}");
      await Deno.utime(join(parent, name), now, now - age);
    }
    assertEquals(await removeLeftFolders(join(parent, "x_own"), "x_"), ["x_left"]);
    const names = await Array.fromAsync(Deno.readDir(parent), ({ name }) => name);
    assertEquals(names.toSorted(), ["x_own", "x_recent", "y_left"]);
    await Deno.remove(parent, { recursive: true });
  },
});
