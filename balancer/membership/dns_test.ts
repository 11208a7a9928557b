import { assertEquals, assertThrows } from "@std/assert";
import { eventually, ManualClock } from "@flotilla/runtime/testing";
import { createBalancer } from "../balancer.ts";
import { startDnsServer } from "../testing/dns_server.ts";
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

const net = (await Deno.permissions.query({ name: "net" })).state === "granted";

/** A server on an address of its own, at a port that all of them share, as the machines behind one name do. */
function serveAt(hostname: string, port: number) {
  const server = Deno.serve({ hostname, port, onListen() {} }, () => new Response(hostname));
  return { port: server.addr.port, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test({
  name: "followDns() moves the requests of a balancer to where a name server says that the name leads now",
  ignore: !net || Deno.build.os !== "linux",
  async fn() {
    await using one = serveAt("127.0.0.1", 0);
    await using _two = serveAt("127.0.0.2", one.port);
    await using dns = await startDnsServer(["127.0.0.1"]);
    await using balancer = createBalancer({ upstreams: [] });
    await using _membership = followDns({
      url: `http://service.internal:${one.port}`,
      update: (upstreams) => balancer.update(upstreams),
      resolve: (name, type) => Deno.resolveDns(name, type, { nameServer: dns.nameServer }),
      interval: 10,
    });
    const answer = async () => await (await balancer.fetch(new Request("http://balancer.test/"))).text();
    const members = () => balancer.snapshot().upstreams.map(({ id }) => id.split(":")[0]);
    await eventually(() => balancer.ready);
    assertEquals(await answer(), "127.0.0.1");
    dns.answers = ["127.0.0.2", "127.0.0.1"];
    await eventually(() => members().length === 2);
    dns.answers = ["127.0.0.2"];
    await eventually(() => members().join() === "127.0.0.2" && balancer.ready);
    assertEquals(await answer(), "127.0.0.2");
    dns.answers = "failed";
    const { asked } = dns;
    await eventually(() => dns.asked >= asked + 3);
    assertEquals([members(), await answer()], [["127.0.0.2"], "127.0.0.2"]);
  },
});
