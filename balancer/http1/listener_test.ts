import { assert, assertEquals, assertMatch } from "@std/assert";
import { eventually, ManualClock } from "@flotilla/runtime/testing";
import type { Connection } from "./connection.ts";
import { ConnectionPool } from "./connection_pool.ts";
import type { ConnectionSource } from "./acceptor.ts";
import { Listener } from "./listener.ts";
import type { ListenerOptions } from "./listener_options.ts";
import { dial, listen } from "./sockets.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "./testing/certificate.ts";
import { FixedSource, testUpstream } from "./testing/fixed_source.ts";
import { Peer } from "./testing/peer.ts";
import { ProxyFixture } from "./testing/proxy_fixture.ts";
import { REFUSALS } from "./testing/refusals.ts";

const net = (await Deno.permissions.query({ name: "net" })).state === "granted";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

/** A listener on a socket in front of a server on another. */
class Served implements AsyncDisposable {
  readonly requests: string[] = [];
  readonly listener: Listener;
  readonly source: FixedSource;
  readonly pool: ConnectionPool = new ConnectionPool({ dial });
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #socket: ReturnType<typeof listen>;
  readonly #serving: Promise<void>;
  readonly #peers: Peer[] = [];

  constructor(
    handler: (request: Request) => Response | Promise<Response>,
    options: Partial<ListenerOptions> = {},
  ) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      this.requests.push(new URL(request.url).pathname);
      return handler(request);
    });
    this.source = new FixedSource({ upstream: testUpstream("real", { port: this.#server.addr.port }) });
    this.listener = new Listener({ source: this.source, pool: this.pool, ...options });
    this.#socket = listen({ port: 0 });
    this.#serving = this.listener.serve(this.#socket);
  }

  get port(): number {
    return this.#socket.addr.transport === "tcp" ? this.#socket.addr.port : 0;
  }

  async client(): Promise<Peer> {
    const peer = new Peer(await Deno.connect({ hostname: "127.0.0.1", port: this.port }));
    this.#peers.push(peer);
    return peer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) peer.close();
    await this.listener.close();
    await this.#serving;
    this.pool[Symbol.dispose]();
    await this.#server.shutdown();
  }
}

Deno.test({
  name: "Listener refuses on a socket what is ambiguous or broken, and nothing of it reaches the upstream",
  ignore: !net,
  async fn(t) {
    await using served = new Served(() => new Response("reached"));
    for (const { title, request, status } of REFUSALS) {
      await t.step(`${title}: ${status}`, async () => {
        const client = await served.client();
        await client.say(request);
        const answer = await client.rest();
        assertMatch(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
        assertEquals(answer.match(/HTTP\/1\.1 \d{3}/g)?.length, 1);
        // The connection was closed, and in order: what was read to its end is the whole answer.
        assertEquals(client.broken, undefined);
      });
    }
    assertEquals([served.pool.opened, served.requests], [0, []]);
  },
});

Deno.test("Listener.serve() waits when no connection can be accepted, and goes on when one can", async () => {
  const clock = new ManualClock();
  await using proxy = new ProxyFixture({ clock });
  const accepted = Promise.withResolvers<Connection>();
  let calls = 0;
  const source: ConnectionSource = {
    accept: () => {
      calls++;
      return calls > 2 ? accepted.promise : Promise.reject(new Error("Too many open files (os error 24)"));
    },
    close: () => accepted.reject(new Deno.errors.BadResource("The listener was closed")),
    addr: { transport: "tcp", hostname: "127.0.0.1", port: 8000 },
  };
  const serving = proxy.listener.serve(source);
  await clock.advance(900);
  assertEquals(calls, 1);
  await clock.advance(500);
  assertEquals(calls, 2);
  await clock.advance(1_100);
  assertEquals(calls, 3);
  await proxy.listener.close();
  await serving;
});

Deno.test("Listener.serve() ends at once when it is closed while no connection can be accepted", async () => {
  await using proxy = new ProxyFixture();
  const serving = proxy.listener.serve({
    accept: () => Promise.reject(new Error("Too many open files (os error 24)")),
    close: () => {},
    addr: { transport: "tcp", hostname: "127.0.0.1", port: 8000 },
  });
  await proxy.listener.drain();
  await serving;
});

Deno.test({
  name: "Listener serves fetch() with bodies both ways",
  ignore: !net,
  async fn() {
    await using served = new Served(async (request) => new Response(await request.text(), { status: 201 }));
    const body = "0123456789".repeat(100_000);
    const response = await fetch(`http://127.0.0.1:${served.port}/echo?x=1`, { method: "POST", body });
    assertEquals(response.status, 201);
    assertEquals(await response.text(), body);
    assertMatch(response.headers.get("via") ?? "", /flotilla/);
  },
});

Deno.test({
  name: "Listener carries a WebSocket",
  ignore: !net,
  async fn() {
    await using served = new Served((request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send(`${data} heard`);
      return response;
    });
    const socket = new WebSocket(`ws://127.0.0.1:${served.port}/chat`);
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => resolve(data);
    assertEquals(await promise, "hello heard");
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
    await eventually(() => served.listener.stats.open === 0);
  },
});

Deno.test({
  name: "Listener cancels the upstream's request when the client resets",
  ignore: !net,
  async fn() {
    const aborted = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    await using served = new Served((request) => {
      request.signal.addEventListener("abort", () => aborted.resolve());
      reached.resolve();
      return new Promise((resolve) => void aborted.promise.then(() => resolve(new Response("late"))));
    });
    const client = await served.client();
    await client.say(GET);
    await reached.promise;
    client.close();
    await aborted.promise;
    await eventually(() => served.source.inFlight === 0);
  },
});

Deno.test({
  name: "Listener answers a refused request though much of it is unread",
  ignore: !net,
  async fn() {
    await using served = new Served(() => new Response("reached"));
    const client = await served.client();
    await client.say(`GET / HTTP/1.1\r\n\r\n${"a".repeat(300_000)}`);
    await client.closeWrite();
    assertMatch(await client.rest(), /^HTTP\/1\.1 400 /);
    assertEquals(client.broken, undefined);
  },
});

Deno.test({
  name: "Listener takes the client's address from a PROXY header",
  ignore: !net,
  async fn(t) {
    const v2 = "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\x7f\x00\x00\x01\x1f\x90\x1f\x91";
    const headers = { "version 1": "PROXY TCP4 192.0.2.1 127.0.0.1 8080 8081\r\n", "version 2": v2 };
    for (const [title, header] of Object.entries(headers)) {
      await t.step(title, async () => {
        await using served = new Served((request) => new Response(request.headers.get("x-forwarded-for")), {
          proxyProtocol: true,
        });
        const client = await served.client();
        await client.say(header + GET);
        await client.head();
        assertEquals(await client.octets(9), "192.0.2.1");
      });
    }
  },
});

Deno.test({
  name: "Listener closes a connection without a PROXY header when it expects one",
  ignore: !net,
  async fn() {
    await using served = new Served(() => new Response("reached"), { proxyProtocol: true });
    const client = await served.client();
    await client.say(GET);
    assertEquals(await client.rest(), "");
    assertEquals(served.requests, []);
  },
});

Deno.test({
  name: "Listener lets connections beyond its limit wait",
  ignore: !net,
  async fn() {
    await using served = new Served(() => new Response("ok"), { maxConnections: 1 });
    const [first, second] = [await served.client(), await served.client()];
    await first.say(GET);
    await first.head();
    await second.say(GET);
    assertEquals(served.listener.stats.open, 1);
    first.close();
    assertMatch(await second.head(), /^HTTP\/1\.1 200 /);
  },
});

Deno.test({
  name: "Listener.drain() answers what is in flight and accepts nothing more",
  ignore: !net,
  async fn() {
    const go = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    await using served = new Served(async () => {
      reached.resolve();
      await go.promise;
      return new Response("done");
    });
    const client = await served.client();
    await client.say(GET);
    await reached.promise;
    const drained = served.listener.drain();
    go.resolve();
    assertMatch(await client.rest(), /done$/);
    client.close();
    await drained;
    await served.client().then(
      () => assert(false, "It was accepted"),
      (error) => assert(error instanceof Deno.errors.ConnectionRefused),
    );
  },
});

Deno.test({
  name: "Listener serves TLS",
  ignore: !net,
  async fn() {
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      return new Response(request.headers.get("x-forwarded-proto"));
    });
    const source = new FixedSource({ upstream: testUpstream("real", { port: server.addr.port }) });
    using pool = new ConnectionPool({ dial });
    const listener = new Listener({ source, pool, protocol: "https" });
    const socket = listen({ port: 0, tls: { cert: TEST_CERTIFICATE, key: TEST_KEY } });
    const serving = listener.serve(socket);
    const port = socket.addr.transport === "tcp" ? socket.addr.port : 0;
    const connection = await Deno.connectTls({ hostname: "localhost", port, caCerts: [TEST_CERTIFICATE] });
    const client = new Peer(connection);
    await client.say(GET);
    await client.head();
    assertEquals(await client.octets(5), "https");
    client.close();
    await listener.close();
    await serving;
    await server.shutdown();
  },
});
