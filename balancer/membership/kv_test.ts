import { assertEquals } from "@std/assert";
import { eventually, ManualClock } from "@flotilla/runtime/testing";
import { followKv } from "./kv.ts";

const key = ["flotilla", "balancer", "edge"];

Deno.test("followKv() takes the upstreams from the key, follows it, and bears nonsense", async () => {
  using kv = await Deno.openKv(":memory:");
  const updates: string[] = [];
  const membership = followKv({
    kv,
    key,
    update: (upstreams) => updates.push(upstreams.map(({ url, weight }) => `${url}*${weight ?? 1}`).join()),
  });
  await kv.set(key, [{ url: "http://a:1" }, { url: "http://b:2", weight: 3 }]);
  await eventually(() => updates.length === 1);
  for (const nonsense of ["http://a:1", [{ url: "ftp://a" }], [{ url: "http://a", weight: -1 }], [{}]]) {
    await kv.set(key, nonsense);
  }
  await kv.delete(key);
  await kv.set(key, [{ url: "http://c:3" }]);
  await eventually(() => updates.at(-1) === "http://c:3*1");
  assertEquals(updates[0], "http://a:1*1,http://b:2*3");
  assertEquals(new Set(updates).size, 2);
  await membership.stop();
  await membership.stop();
});

/** A store whose watches the test feeds and breaks. */
function brittleKv() {
  const watches: ReadableStreamDefaultController<[Deno.KvEntryMaybe<unknown>]>[] = [];
  const watch = () => new ReadableStream({ start: (controller) => void watches.push(controller) });
  return { watches, kv: Object.assign(Object.create(Deno.Kv.prototype), { watch }) };
}

Deno.test("followKv() begins a watch anew that breaks or ends, and tells nothing twice", async () => {
  const { watches, kv } = brittleKv();
  const clock = new ManualClock();
  const updates: number[] = [];
  const membership = followKv({ kv, key, clock, update: (upstreams) => updates.push(upstreams.length) });
  const entry = (versionstamp: string, count: number) =>
    [{ key, versionstamp, value: Array(count).fill({ url: "http://a:1" }) }] as [Deno.KvEntryMaybe<unknown>];
  watches[0]?.enqueue(entry("1", 1));
  await clock.advance(10);
  watches[0]?.error(new Error("The server is gone"));
  await clock.advance(900);
  assertEquals(watches.length, 1);
  await clock.advance(200);
  watches[1]?.enqueue(entry("1", 1));
  watches[1]?.enqueue(entry("2", 2));
  await clock.advance(10);
  watches[1]?.close();
  await clock.advance(1_000);
  watches[2]?.enqueue(entry("3", 3));
  await clock.advance(10);
  assertEquals(updates, [1, 2, 3]);
  await membership.stop();
  assertEquals(clock.pending, 0);
});
