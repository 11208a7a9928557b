import { assertEquals, assertRejects } from "@std/assert";
import { KvTimeoutError, withDeadline } from "./kv_deadline.ts";
import { ManualClock } from "./manual_clock.ts";

Deno.test("withDeadline() leaves every operation working", async () => {
  using opened = await Deno.openKv(":memory:");
  const kv = withDeadline(opened);
  await kv.set(["a", 1], "one");
  assertEquals((await kv.get(["a", 1])).value, "one");
  const committed = await kv.atomic().check({ key: ["a", 2], versionstamp: null }).set(["a", 2], "two")
    .commit();
  assertEquals(committed.ok, true);
  const [one, two] = await kv.getMany<[string, string]>([["a", 1], ["a", 2]]);
  assertEquals([one.value, two.value], ["one", "two"]);
  const listed = await Array.fromAsync(kv.list({ prefix: ["a"] }), (entry) => entry.value);
  assertEquals(listed, ["one", "two"]);
  const page = kv.list({ prefix: ["a"] }, { limit: 1 });
  await page.next();
  assertEquals(page.cursor.length > 0, true);
  await kv.delete(["a", 1]);
  assertEquals((await kv.get(["a", 1])).value, null);
  const watched = kv.watch([["a", 2]]).getReader();
  assertEquals((await watched.read()).value?.[0]?.value, "two");
  await watched.cancel();
});

Deno.test("withDeadline() throws KvTimeoutError when the database does not answer, and leaves no timer", async () => {
  const clock = new ManualClock();
  using opened = await Deno.openKv(":memory:");
  const never = new Promise<never>(() => {});
  opened.get = () => never;
  opened.set = () => never;
  const kv = withDeadline(opened, { timeout: 500, clock });
  const refused = [
    assertRejects(() => kv.get(["a"]), KvTimeoutError, "500 ms"),
    assertRejects(() => kv.set(["a"], 1), KvTimeoutError),
  ];
  await clock.advance(500);
  await Promise.all(refused);
  await kv.getMany([["a"]]);
  assertEquals(clock.pending, 0);
});
