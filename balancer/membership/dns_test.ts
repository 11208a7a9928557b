import { assertEquals, assertThrows } from "@std/assert";
import { ManualClock } from "@flotilla/runtime/testing";
import type { UpstreamOptions } from "../upstream.ts";
import { followDns } from "./dns.ts";

function setUp() {
  const clock = new ManualClock();
  const names = { A: ["10.0.0.2", "10.0.0.1"], AAAA: [] as string[], broken: false };
  const updates: string[] = [];
  const membership = followDns({
    url: "http://service.internal:5003",
    update: (upstreams: readonly UpstreamOptions[]) => updates.push(upstreams.map(({ url }) => url).join()),
    resolve: (_name, type) =>
      names.broken ? Promise.reject(new Error("SERVFAIL")) : Promise.resolve(names[type]),
    clock,
    interval: 1_000,
  });
  return { clock, names, updates, membership };
}

Deno.test("followDns() makes each address an upstream, and tells only of changes", async () => {
  const { clock, names, updates, membership } = setUp();
  await clock.advance(2_000);
  assertEquals(updates, ["http://10.0.0.1:5003,http://10.0.0.2:5003"]);
  names.A = ["10.0.0.3"];
  names.AAAA = ["2001:db8::1"];
  await clock.advance(1_000);
  assertEquals(updates.at(-1), "http://10.0.0.3:5003,http://[2001:db8::1]:5003");
  await membership.stop();
});

Deno.test("followDns() keeps the last addresses while the name cannot be looked up", async () => {
  const { clock, names, updates, membership } = setUp();
  await clock.advance(0);
  names.broken = true;
  await clock.advance(5_000);
  names.broken = false;
  names.A = [];
  await clock.advance(5_000);
  assertEquals(updates.length, 1);
  await membership.stop();
});

Deno.test("followDns() stops, twice too", async () => {
  const { clock, updates, membership } = setUp();
  await membership.stop();
  await membership.stop();
  await clock.advance(10_000);
  assertEquals([updates.length, clock.pending], [0, 0]);
});

Deno.test("followDns() refuses an interval that is none", () => {
  assertThrows(() => followDns({ url: "http://a", update: () => {}, interval: 0 }), RangeError, "interval");
});
