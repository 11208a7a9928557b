import { assertEquals, assertInstanceOf } from "@std/assert";
import { Flusher } from "./flusher.ts";

/** A file on a disk that takes as long as it is told to. */
function setUp() {
  const disk = { delay: 0, flushes: [] as string[] };
  let time = 0;
  const flush = (how: string) => {
    time += disk.delay;
    disk.flushes.push(how);
  };
  const flusher = new Flusher({
    syncData: () => Promise.resolve(flush("aside")),
    syncDataSync: () => flush("here"),
  }, () => time);
  return { disk, flusher };
}

Deno.test("Flusher.flush() waits for a quick disk where it is, and leaves a slow one to another thread", async () => {
  const { disk, flusher } = setUp();
  for (const delay of [0.2, 0.3, 8, 9, 0.2, 0.1]) {
    disk.delay = delay;
    const flush = flusher.flush();
    if (disk.flushes.at(-1) === "here") assertEquals(flush, undefined);
    else assertInstanceOf(flush, Promise);
    await flush;
  }
  assertEquals(disk.flushes, ["aside", "here", "here", "aside", "aside", "here"]);
});
