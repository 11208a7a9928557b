import { assertEquals } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import fc from "fast-check";
import type { Door } from "./door.ts";
import type { Peer } from "./testing/peer.ts";
import { ProxyFixture } from "./testing/proxy_fixture.ts";

const HOST = "Host: a.test\r\n";

/** What clients say: whole requests, parts of them, and what is none. */
const REQUESTS = [
  `GET / HTTP/1.1\r\n${HOST}\r\n`,
  `HEAD / HTTP/1.1\r\n${HOST}\r\n`,
  `GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`,
  `GET /${"a".repeat(3_000)} HTTP/1.1\r\n${HOST}Cookie: ${"c".repeat(5_000)}\r\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
  `PUT / HTTP/1.1\r\n${HOST}Content-Length: 20000\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n`,
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "z\r\n",
  "a".repeat(20_000),
  "GET / HT",
  "\r\n",
  "\0",
];

/** What upstreams say. */
const ANSWERS = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n",
  `HTTP/1.1 200 OK\r\nContent-Length: 12000\r\n\r\n${"b".repeat(12_000)}`,
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
  "HTTP/1.1 200 OK\r\n\r\nuntil the end",
  "HTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
  "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nfirst",
  `HTTP/1.1 200 OK\r\nSet-Cookie: ${"c".repeat(8_000)}\r\nContent-Length: 0\r\n\r\n`,
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "b".repeat(20_000),
  "HTTP/1.1 2",
  "\0",
];

type Step =
  | { readonly who: "client" | "upstream"; readonly does: "say"; readonly text: string; readonly cut: number }
  | { readonly who: "client" | "upstream"; readonly does: "close" | "end" };

const saying = (who: "client" | "upstream", texts: readonly string[]): fc.Arbitrary<Step> =>
  fc.record({
    who: fc.constant(who),
    does: fc.constant("say"),
    text: fc.constantFrom(...texts),
    cut: fc.oneof(fc.constant(0), fc.nat(60)),
  });
const leaving: fc.Arbitrary<Step> = fc.record({
  who: fc.constantFrom("client", "upstream"),
  does: fc.constantFrom("close", "end"),
});
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: saying("client", REQUESTS) },
    { weight: 6, arbitrary: saying("upstream", ANSWERS) },
    { weight: 1, arbitrary: leaving },
  ),
  { minLength: 1, maxLength: 14 },
);

/** Lets everything go on that can. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function say(peer: Peer | undefined, { text, cut }: { text: string; cut: number }): Promise<void> {
  for (const part of [text.slice(0, cut), text.slice(cut)]) {
    if (part !== "") void peer?.say(part).catch(() => {});
    await settle();
  }
}

async function play(proxy: ProxyFixture, client: Peer, list: readonly Step[]): Promise<void> {
  const upstreams: Peer[] = [];
  let over = false;
  const accept = async () => {
    for (;;) {
      const upstream = await proxy.upstream();
      upstreams.push(upstream);
      if (over) upstream.close();
    }
  };
  void accept();
  for (const step of list) {
    const peer = step.who === "client" ? client : upstreams.at(-1);
    if (step.does === "say") await say(peer, step);
    else if (step.does === "end") await peer?.closeWrite().catch(() => {});
    else peer?.close();
  }
  over = true;
  for (const peer of [client, ...upstreams]) peer.close();
}

/** Answers with the content of the request, or early, or with a stream that the client ends. */
const door: Door = {
  open: () => undefined,
  async answer(request) {
    if (request.method === "PUT") return new Response("early", { status: 413 });
    if (request.method === "POST") return new Response(await request.text().catch(() => "broken off"));
    const pull = (controller: ReadableStreamDefaultController) =>
      settle().then(() => controller.enqueue(new Uint8Array(1_000)));
    return new Response(request.url.endsWith("/") ? "whole" : new ReadableStream({ pull }));
  },
};

for (const [title, listener] of Object.entries({ "passing on": {}, "answering itself": { door } })) {
  Deno.test(`ProxyConnection, ${title}, comes to an end and makes no mistake, whatever is said and when`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(700, 65_536), async (list, capacity) => {
        await using proxy = new ProxyFixture({ capacity, listener });
        proxy.source.maxAttempts = 2;
        await play(proxy, proxy.client(), list);
        await eventually(() => proxy.listener.stats.open === 0 && proxy.source.inFlight === 0);
        assertEquals([proxy.errors, proxy.listener.stats.active], [[], 0]);
      }),
      { numRuns: 60 },
    );
  });
}
