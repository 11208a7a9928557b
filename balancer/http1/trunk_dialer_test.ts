import { eventually, ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { transportConformance } from "../testing/transport_conformance.ts";
import { Session } from "../yamux/session.ts";
import { YamuxStream } from "../yamux/stream.ts";
import type { Connection } from "./connection.ts";
import { Deadlines } from "./deadlines.ts";
import { dial } from "./sockets.ts";
import { tcpTransport } from "./tcp_transport.ts";
import { testUpstream } from "./testing/fixed_source.ts";
import { memoryPair } from "./testing/memory_connection.ts";
import { Peer } from "./testing/peer.ts";
import { ProxyFixture } from "./testing/proxy_fixture.ts";
import { TrunkDialer } from "./trunk_dialer.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const ASKED =
  /^OPTIONS \* HTTP\/1\.1\r\nHost: 127\.0\.0\.1:1\r\nConnection: upgrade\r\nUpgrade: yamux\r\n\r\n$/;
const upstream = testUpstream("only");

/** Dials in memory; what is dialled is answered by hand. */
class Dialled implements Disposable {
  readonly clock = new ManualClock();
  readonly deadlines = new Deadlines({ clock: this.clock });
  readonly peers: Peer[] = [];
  readonly dialer = new TrunkDialer({
    deadlines: this.deadlines,
    dial: () => {
      const [near, far] = memoryPair();
      this.peers.push(new Peer(near));
      return Promise.resolve(far);
    },
  });

  async peer(index: number): Promise<Peer> {
    return await eventually(() => this.peers[index]);
  }

  [Symbol.dispose](): void {
    this.dialer[Symbol.dispose]();
  }
}

/** A listener, and a dialer whose connections it serves. */
function behind(proxy: ProxyFixture): TrunkDialer {
  const dial = () => {
    const [near, far] = memoryPair();
    proxy.listener.serveConnection(far, { peer: "127.0.0.1" });
    return Promise.resolve<Connection>(near);
  };
  return new TrunkDialer({ dial, deadlines: proxy.pool.deadlines });
}

/** A client and a server that has answered it: `kept`, where there is one. */
async function getThrough(dialer: TrunkDialer, proxy: ProxyFixture, kept?: Peer): Promise<[Peer, Peer]> {
  const client = new Peer(await dialer.dial(upstream));
  await client.say("GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const server = kept ?? await proxy.upstream();
  assertMatch(await server.head(), /^GET \/x /);
  await server.say(OK);
  await client.hear(/ok$/);
  return [client, server];
}

Deno.test("TrunkDialer opens streams of one trunk where the listener accepts trunks", async () => {
  await using proxy = new ProxyFixture({ listener: { acceptTrunks: true } });
  using dialer = behind(proxy);
  const [first, server] = await getThrough(dialer, proxy);
  await getThrough(dialer, proxy, server);
  assertEquals([dialer.size, proxy.listener.stats.open], [1, 2]);
  assert(first.connection instanceof YamuxStream);
  assertEquals(proxy.errors, []);
});

Deno.test("TrunkDialer makes plain connections where the listener accepts none", async () => {
  await using proxy = new ProxyFixture();
  using dialer = behind(proxy);
  const asked = dialer.dial(upstream);
  const server = await proxy.upstream();
  assertMatch(await server.head(), /^OPTIONS \* /);
  await server.say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  assert(!((await asked) instanceof YamuxStream));
  await getThrough(dialer, proxy, server);
  assertEquals(dialer.size, 0);
});

Deno.test("ProxyConnection neither takes nor passes on the question for a trunk that came through a proxy", async (t) => {
  for (const field of ["Via: 1.1 edge", "X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1"]) {
    await t.step(field, async () => {
      await using proxy = new ProxyFixture({ listener: { acceptTrunks: true } });
      const client = proxy.client();
      await client.say(
        `OPTIONS * HTTP/1.1\r\nHost: a.test\r\n${field}\r\nConnection: upgrade\r\nUpgrade: yamux\r\n\r\n`,
      );
      const server = await proxy.upstream();
      const heard = await server.head();
      assertMatch(heard, /^OPTIONS \* /);
      assert(!/upgrade/i.test(heard), heard);
      await server.say(OK);
      assertMatch(await client.head(), /^HTTP\/1\.1 200 /);
    });
  }
});

Deno.test("Listener makes no trunk of a stream of one", async () => {
  await using proxy = new ProxyFixture({ listener: { acceptTrunks: true } });
  using dialer = behind(proxy);
  const client = new Peer(await dialer.dial(upstream));
  await client.say("OPTIONS * HTTP/1.1\r\nHost: a.test\r\nConnection: upgrade\r\nUpgrade: yamux\r\n\r\n");
  assertMatch(await (await proxy.upstream()).head(), /^OPTIONS \* /);
});

Deno.test("Listener lets the streams of a trunk end when it drains", async () => {
  await using proxy = new ProxyFixture({ listener: { acceptTrunks: true } });
  using dialer = behind(proxy);
  const [idle, server] = await getThrough(dialer, proxy);
  const busy = new Peer(await dialer.dial(upstream));
  await busy.say("GET /y HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await server.head();
  const drained = proxy.listener.drain();
  assertEquals(await idle.rest(), "");
  await server.say(OK);
  assertMatch(await busy.head(), /Connection: close/i);
  await busy.rest();
  busy.close();
  await drained;
  await eventually(() => dialer.size === 0);
});

Deno.test("TrunkDialer asks once for all who wait, and not again for a while when it was refused", async () => {
  using dialled = new Dialled();
  const waiting = [dialled.dialer.dial(upstream), dialled.dialer.dial(upstream)];
  const asked = await dialled.peer(0);
  assertMatch(await asked.head(), ASKED);
  await asked.say("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n");
  await Promise.all(waiting);
  assertEquals(dialled.peers.length, 3);
  await dialled.dialer.dial(upstream);
  assertEquals(dialled.peers.length, 4);
  await dialled.clock.advance(60_001);
  void dialled.dialer.dial(upstream);
  assertMatch(await (await dialled.peer(4)).head(), ASKED);
});

Deno.test("TrunkDialer dials plainly when the upstream takes offence at the question", async (t) => {
  for (const answer of ["", "what?\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n\r\n"]) {
    await t.step(JSON.stringify(answer), async () => {
      using dialled = new Dialled();
      const plain = dialled.dialer.dial(upstream);
      const asked = await dialled.peer(0);
      await asked.head();
      await asked.say(answer);
      asked.close();
      assert(!((await plain) instanceof YamuxStream));
    });
  }
});

Deno.test("TrunkDialer fails when the upstream says nothing, and asks again the next time", async () => {
  using dialled = new Dialled();
  const failing = assertRejects(() => dialled.dialer.dial(upstream), Error, "does not say");
  await (await dialled.peer(0)).head();
  await dialled.clock.advance(2_200);
  await failing;
  void dialled.dialer.dial(upstream);
  assertMatch(await (await dialled.peer(1)).head(), ASKED);
});

Deno.test("TrunkDialer opens another trunk when one is full or gone", async () => {
  await using proxy = new ProxyFixture({ listener: { acceptTrunks: true } });
  using dialer = behind(proxy);
  for (let i = 0; i < 257; i++) await dialer.dial(upstream);
  assertEquals(dialer.size, 2);
  await eventually(() => proxy.listener.stats.open === 257);
});

/** A server's socket with streams in front of it: what is dialled goes over a trunk to a relay that dials it. */
async function overTrunk(to: Parameters<typeof dial>[0]): Promise<Connection> {
  const deadlines = new Deadlines({ clock: new ManualClock() });
  const socket = await dial(to);
  const [near, far] = memoryPair();
  new Session(far, {
    side: "server",
    deadlines,
    onStream(stream) {
      void carry(stream, socket);
      void carry(socket, stream);
      return true;
    },
  });
  const stream = new Session(near, { side: "client", deadlines }).open();
  if (stream === undefined) throw new Error("Cannot dial: a new session has no stream");
  return stream;
}

async function carry(from: Connection, to: Connection): Promise<void> {
  const buffer = new Uint8Array(8_192);
  try {
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) break;
      for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
    }
    await to.closeWrite();
  } catch {
    for (const each of [from, to]) {
      try {
        each.close();
      } catch { /* it was closed by the other direction */ }
    }
  }
}

transportConformance("tcp over a trunk", () => tcpTransport({ dial: overTrunk }));
