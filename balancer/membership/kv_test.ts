import { assertEquals } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
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
