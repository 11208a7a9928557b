import type { ServeInfo } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import type { NoUpstream } from "../attempt.ts";
import type { AttemptFailure } from "../failure.ts";
import type { Crossing, Door, Knock, OctetAnswer, Reply } from "./door.ts";
import { ascii, latin1 } from "./octets.ts";
import { ProxyFixture } from "./testing/proxy_fixture.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

type Answer = (request: Request, info: ServeInfo) => Response | Promise<Response>;

/** A door that lets nothing cross. */
function closed(answer: Answer): Door {
  return { open: () => undefined, answer };
}

function serving(answer: Answer): ProxyFixture {
  return new ProxyFixture({ listener: { door: closed(answer) } });
}

/** A request line and fields for content. */
function post(fields: string, content: string): string {
  return `POST /things?x=1 HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n${content}`;
}

Deno.test("Door.answer() gets the request as the client sent it, and where from", async () => {
  let seen: [string, string, string | null, string] | undefined;
  await using proxy = serving((request, { remoteAddr }) => {
    const { method, url, headers } = request;
    seen = [method, url, headers.get("x-odd"), "hostname" in remoteAddr ? remoteAddr.hostname : ""];
    return new Response(null, { status: 204 });
  });
  const client = proxy.client();
  await client.say("PATCH /a%2Fb?q=1 HTTP/1.1\r\nHost: a.test:81\r\nX-Odd: 1\r\nx-odd: \xe9\r\n\r\n");
  assertMatch(await client.head(), /^HTTP\/1\.1 204 No Content\r\n(?!.*content-length)/is);
  assertEquals(seen, ["PATCH", "http://a.test:81/a%2Fb?q=1", "1, \xe9", "203.0.113.9"]);
});

Deno.test("Door.answer() tells the length of what is there whole, and keeps the connection", async () => {
  await using proxy = serving(() => Response.json({ a: 1 }, { headers: { "x-own": "1" } }));
  const client = proxy.client();
  for (let i = 0; i < 3; i++) {
    await client.say(GET);
    const head = await client.head();
    assertMatch(head, /^HTTP\/1\.1 200 OK\r\n/);
    assertMatch(head, /\r\ncontent-length: 7\r\n/);
    assertMatch(head, /\r\nx-own: 1\r\n/);
    assertMatch(head, /\r\nDate: /i);
    assertNotMatch(head, /connection|transfer-encoding/i);
    assertEquals(await client.octets(7), '{"a":1}');
  }
  assertEquals(proxy.errors, []);
});

Deno.test("Door.answer() serves requests that come in one piece, one after the other", async () => {
  await using proxy = serving(async (request) =>
    new Response(new URL(request.url).pathname + await request.text())
  );
  const client = proxy.client();
  await client.say(
    `GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab` +
      `POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ncd\r\n0\r\n\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n`,
  );
  for (const body of ["/1", "/2ab", "/3cd", "/4"]) {
    await client.head();
    assertEquals(await client.octets(body.length), body);
  }
});

Deno.test("Door.answer() gets content as it comes, of known length or in chunks", async () => {
  for (const chunked of [false, true]) {
    const pieces: string[] = [];
    await using proxy = serving(async ({ body }) => {
      for await (const piece of body ?? []) pieces.push(new TextDecoder().decode(piece));
      return new Response("done");
    });
    const client = proxy.client();
    await client.say(post(chunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: 20000\r\n", ""));
    const first = "a".repeat(12_000), second = "b".repeat(8_000);
    await client.say(chunked ? `2ee0\r\n${first}\r\n` : first);
    await eventually(() => pieces.join("").length === 12_000);
    await client.say(chunked ? `1f40\r\n${second}\r\n0\r\n\r\n` : second);
    assertMatch(await client.head(), /content-length: 4\r\n/);
    assertEquals(pieces.join(""), first + second);
  }
});

Deno.test("Door.answer() has the client go on with its content when that is asked for", async () => {
  await using proxy = serving(async (request) => new Response(await request.text()));
  const client = proxy.client();
  await client.say(post("Content-Length: 5\r\nExpect: 100-continue\r\n", ""));
  assertEquals(await client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
  await client.say("hello");
  assertMatch(await client.head(), /^HTTP\/1\.1 200 /);
  assertEquals(await client.octets(5), "hello");
});

Deno.test("Door.answer() refuses content unread: the client is not asked for it, and the connection ends", async () => {
  await using proxy = serving(() => new Response(null, { status: 413 }));
  const client = proxy.client();
  await client.say(post("Content-Length: 50000\r\nExpect: 100-continue\r\n", ""));
  const answer = await client.rest();
  assertMatch(answer, /^HTTP\/1\.1 413 /);
  assertMatch(answer, /\r\nconnection: close\r\n/);
  assertEquals(client.broken, undefined);
});

Deno.test("Door.answer() leaves content unread that came with its request, and keeps the connection", async () => {
  await using proxy = serving(({ method }) => new Response(method, { status: 503 }));
  const client = proxy.client();
  for (let turn = 0; turn < 3; turn++) {
    await client.say(post("Content-Length: 5\r\n", "hello") + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    for (const method of ["POST", "GET"]) {
      const head = await client.head();
      assertMatch(head, /^HTTP\/1\.1 503 /);
      assertNotMatch(head, /\r\nconnection:/);
      assertEquals(await client.octets(method.length), method);
    }
  }
});

Deno.test("Door.answer() makes an answer of the content that is still to be read", async () => {
  await using proxy = serving(({ body }) => new Response(body));
  const client = proxy.client();
  for (let turn = 0; turn < 2; turn++) {
    await client.say(post("Content-Length: 5\r\n", "hello"));
    assertMatch(await client.head(), /content-length: 5\r\n/);
    assertEquals(await client.octets(5), "hello");
  }
});

Deno.test("Door.answer() fails the content of a client that leaves within it, and of one that breaks the rules", async () => {
  for (const rest of [undefined, "zz\r\n"]) {
    let failed: unknown;
    await using proxy = serving(async (request) => {
      failed = await request.text().then(() => undefined, (error) => error);
      return new Response(null, { status: 400 });
    });
    const client = proxy.client();
    await client.say(post("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n"));
    if (rest === undefined) client.close();
    else await client.say(rest);
    await eventually(() => failed !== undefined);
    assert(failed instanceof Error);
  }
});

Deno.test("Door.answer() streams an answer of unknown length, the head first, each piece as it comes", async () => {
  const pieces = new TransformStream<Uint8Array, Uint8Array>();
  const writer = pieces.writable.getWriter();
  await using proxy = serving(() =>
    new Response(pieces.readable, { headers: { "content-type": "text/event-stream" } })
  );
  const client = proxy.client();
  await client.say(GET);
  assertMatch(await client.head(), /\r\ntransfer-encoding: chunked\r\n/);
  for (const piece of ["one", "two"]) {
    await writer.write(ascii(piece));
    assertEquals(await client.octets(8), `3\r\n${piece}\r\n`);
  }
  await writer.close();
  assertEquals(await client.octets(5), "0\r\n\r\n");
});

Deno.test("Door.answer() ends an answer of unknown length with the connection for HTTP/1.0", async () => {
  await using proxy = serving(() => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    void writer.write(ascii("abc")).then(() => writer.close());
    return new Response(readable.pipeThrough(new TransformStream()));
  });
  const client = proxy.client();
  await client.say("GET / HTTP/1.0\r\n\r\n");
  const answer = await client.rest();
  assertNotMatch(answer, /transfer-encoding/i);
  assert(answer.endsWith("\r\n\r\nabc"));
});

Deno.test("Door.answer() aborts the request's signal and cancels the answer when the client leaves", async () => {
  const said = Promise.withResolvers<void>();
  let aborted = false, cancelled = false;
  await using proxy = serving((request) => {
    request.signal.addEventListener("abort", () => aborted = true);
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(ascii("tick")),
      cancel: () => {
        cancelled = true;
      },
    });
    said.resolve();
    return new Response(body);
  });
  const client = proxy.client();
  await client.say(GET);
  await said.promise;
  await client.head();
  client.close();
  await eventually(() => aborted && cancelled);
  await eventually(() => proxy.listener.stats.open === 0);
});

Deno.test("Door.answer() notices that the client has left by what it cannot write, with the next request unread", async () => {
  let aborted = false, cancelled = false;
  await using proxy = serving((request) => {
    request.signal.addEventListener("abort", () => aborted = true);
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(ascii("tick")),
      cancel: () => {
        cancelled = true;
      },
    });
    return new Response(body);
  });
  const client = proxy.client();
  await client.say(GET + GET);
  await client.head();
  client.close();
  await eventually(() => proxy.listener.stats.open === 0);
  await eventually(() => aborted && cancelled);
});

Deno.test("Door.answer() cuts an answer off that breaks, or has another length than it tells", async () => {
  const broken = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(ascii("half")),
        pull: () => Promise.reject(new Error("broken")),
      }, { highWaterMark: 0 }),
    );
  const short = () => new Response("half", { headers: { "content-length": "8" } });
  const long = () => new Response("half", { headers: { "content-length": "2" } });
  for (const answer of [broken, short, long]) {
    await using proxy = serving(answer);
    const client = proxy.client();
    await client.say(GET);
    const got = await client.rest();
    assertNotMatch(got, /\r\n0\r\n\r\n$/);
    await eventually(() => proxy.listener.stats.open === 0);
  }
});

Deno.test("Door.answer() sends nothing beyond the length it tells", async () => {
  const headers = { "content-length": "2" };
  const whole = () => new Response("half", { headers });
  const pieces = () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    void writer.write(ascii("a")).then(() => writer.write(ascii("bcd"))).catch(() => {});
    return new Response(readable, { headers });
  };
  for (const [answer, most] of [[whole, 0], [pieces, 1]] as const) {
    await using proxy = serving(answer);
    const client = proxy.client();
    await client.say(GET);
    const got = await client.rest();
    assertEquals(got.replace(/^[^]*\r\n\r\n/, "").length, most);
  }
});

Deno.test("Door.answer() tells no length that is none, with content and without", async () => {
  for (const given of ["abc", "-1", "1e3", "4, 4", "0x4", ""]) {
    await using proxy = serving(() => new Response("four", { headers: { "content-length": given } }));
    const client = proxy.client();
    await client.say(GET.replace("GET", "HEAD") + GET);
    assertNotMatch(await client.head(), /content-length/i);
    assertEquals((await client.head()).match(/^content-length: .*$/gim), ["content-length: 4"]);
    assertEquals(await client.octets(4), "four");
  }
});

Deno.test("Door.answer() tells who still reads the content that the request was answered", async () => {
  let read: unknown;
  await using proxy = serving((request) => {
    void request.text().catch((error) => read = error);
    return new Response("early");
  });
  const client = proxy.client();
  await client.say(post("Content-Length: 50000\r\n", "some"));
  assertMatch(await client.head(), /\r\nconnection: close\r\n/);
  await eventually(() => read instanceof Error);
});

Deno.test("Door.answer() lets the client be told to go on before it is answered", async () => {
  await using proxy = new ProxyFixture({
    capacity: 8,
    listener: {
      door: closed((request) => {
        void request.text().catch(() => {});
        return new Response("early");
      }),
    },
  });
  const client = proxy.client();
  const said = client.say(post("Content-Length: 50000\r\nExpect: 100-continue\r\n", ""));
  const [first, second] = [await client.head(), await client.head()];
  await said;
  assertEquals(first, "HTTP/1.1 100 Continue\r\n\r\n");
  assertMatch(second, /^HTTP\/1\.1 200 OK\r\n/);
  assertEquals(await client.octets(5), "early");
});

Deno.test("Door.answer() gives HEAD the fields of GET and nothing behind them", async () => {
  await using proxy = serving(() => new Response("abc", { headers: { "content-length": "3" } }));
  const client = proxy.client();
  await client.say(GET.replace("GET", "HEAD") + GET);
  assertMatch(await client.head(), /\r\ncontent-length: 3\r\n/);
  assertMatch(await client.head(), /^HTTP\/1\.1 200/);
});

Deno.test("Door.answer() is not asked what is no request; its own mistakes are told and break off", async () => {
  await using proxy = serving(() => {
    throw new Error("a mistake");
  });
  for (const target of ["TRACK / HTTP/1.1", "GET / HTTP/1.1"]) {
    const client = proxy.client();
    await client.say(`${target}\r\nHost: ${target.startsWith("TRACK") ? "a" : "a:99999"}\r\n\r\n`);
    assertMatch(await client.rest(), /^HTTP\/1\.1 400 /);
  }
  const client = proxy.client();
  await client.say(GET);
  assertEquals(await client.rest(), "");
  assertEquals(proxy.errors.map(String), ["Error: a mistake"]);
});

Deno.test("Listener.drain() lets Door.answer() finish and closes the connection", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const reached = Promise.withResolvers<void>();
  await using proxy = serving(() => {
    reached.resolve();
    return promise;
  });
  const client = proxy.client();
  await client.say(GET);
  await reached.promise;
  const drained = proxy.listener.drain();
  resolve(new Response("late"));
  const answer = await client.rest();
  assertStringIncludes(answer, "connection: close\r\n");
  assert(answer.endsWith("late"));
  client.close();
  await drained;
});

/** A door that lets every request cross, and remembers how those were refused. */
class OpenDoor implements Door {
  readonly refusals: string[] = [];
  readonly answered: string[] = [];
  readonly source: ProxyFixture["source"];

  constructor(source: ProxyFixture["source"]) {
    this.source = source;
  }

  open({ bytes, head }: Knock): Crossing | undefined {
    if (head.method !== "GET") return undefined;
    const target = bytes.slice(head.targetStart, head.targetEnd);
    const put = (wire: Parameters<Crossing["putRequest"]>[0], parts: readonly Uint8Array[]) => {
      for (const part of parts) {
        wire.reserve(part.length);
        wire.put(part);
      }
    };
    return {
      kind: "crossing",
      source: this.source,
      timeout: 1_000,
      putRequest: (wire) => put(wire, [ascii("GET "), target, ascii(" HTTP/1.1\r\nHost: inside\r\n")]),
      putAnswer: (wire, answer) =>
        put(wire, [
          ascii(`HTTP/1.1 ${answer.status} Crossed\r\ncontent-length: ${answer.contentLength}\r\n`),
        ]),
      refuse: (reason: AttemptFailure | NoUpstream) => {
        this.refusals.push(reason.kind);
        return new Response("refused", { status: 503 });
      },
    };
  }

  answer(request: Request): Response {
    this.answered.push(request.method);
    return new Response(null);
  }
}

async function crossing(): Promise<{ proxy: ProxyFixture; door: OpenDoor }> {
  const outer = new ProxyFixture();
  const door = new OpenDoor(outer.source);
  await outer[Symbol.asyncDispose]();
  return { proxy: new ProxyFixture({ listener: { door } }), door };
}

Deno.test("Crossing has the say about both heads; what has no crossing is answered", async () => {
  const { proxy, door } = await crossing();
  await using _proxy = proxy;
  const client = proxy.client();
  await client.say(GET.replace("/", "/x"));
  const upstream = await proxy.upstream();
  assertEquals(await upstream.head(), "GET /x HTTP/1.1\r\nHost: inside\r\n\r\n");
  await upstream.say(
    "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: x\r\n\r\nok",
  );
  assertEquals(await client.head(), "HTTP/1.1 200 Crossed\r\ncontent-length: 2\r\n\r\n");
  assertEquals(await client.octets(2), "ok");
  for (const method of ["DELETE", "HEAD"]) {
    await client.say(GET.replace("GET", method));
    await client.head();
  }
  await client.say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  await client.head();
  assertEquals(door.answered, ["DELETE", "HEAD", "GET"]);
  await client.say(GET);
  await upstream.head();
});

Deno.test("Crossing.refuse() tells the client when no upstream answers, and is told of its leaving", async () => {
  const { proxy, door } = await crossing();
  await using _proxy = proxy;
  proxy.refusing = true;
  const client = proxy.client();
  await client.say(GET);
  assertMatch(await client.head(), /^HTTP\/1\.1 503 /);
  assertEquals(await client.octets(7), "refused");
  proxy.refusing = false;
  await client.say(GET);
  await (await proxy.upstream()).head();
  client.close();
  await eventually(() => door.refusals.length === 2);
  assertEquals(door.refusals, ["connect_refused", "client_gone"]);
});

/** A listener that replies to every GET with what the path asks for. */
function replying(answer: (path: string) => Promise<OctetAnswer | Response>): ProxyFixture {
  const open = ({ bytes, head }: Knock): Reply | undefined =>
    head.method === "GET"
      ? { kind: "reply", answer: answer(latin1(bytes, head.pathStart, head.targetEnd)) }
      : undefined;
  return new ProxyFixture({ listener: { door: { open, answer: () => new Response("object") } } });
}

function octets(content: string): OctetAnswer {
  return {
    status: 200,
    contentLength: content.length,
    putHead(wire, { requestIdStart, requestIdEnd }) {
      wire.reserve(100 + content.length + requestIdEnd - requestIdStart);
      wire.putText(`HTTP/1.1 200 Fine\r\ncontent-length: ${content.length}\r\nid: `);
      wire.copy(requestIdStart, requestIdEnd);
      wire.putLineEnd();
    },
    putContent: (wire) => wire.putText(content),
  };
}

function get(path: string, fields = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: a.test\r\nx-request-id: r${path.slice(1)}\r\n${fields}\r\n`;
}

Deno.test("Reply is written as octets, one request after the other, and the next may have come with the first", async () => {
  await using proxy = replying((path) => Promise.resolve(octets(`content of ${path}`)));
  const client = proxy.client();
  await client.say(get("/1") + get("/2"));
  for (const n of [1, 2]) {
    assertEquals(await client.head(), `HTTP/1.1 200 Fine\r\ncontent-length: 13\r\nid: r${n}\r\n\r\n`);
    assertEquals(await client.octets(13), `content of /${n}`);
  }
  await client.say(get("/3", "Connection: close\r\n"));
  assertMatch(await client.rest(), /\r\nconnection: close\r\n\r\ncontent of \/3$/);
  assertEquals(proxy.listener.stats.answers[2], 3);
});

Deno.test("Reply may be larger than the wire's own buffer", async () => {
  const large = "x".repeat(100_000);
  await using proxy = replying(() => Promise.resolve(octets(large)));
  const client = proxy.client();
  for (let i = 0; i < 2; i++) {
    await client.say(get("/large"));
    await client.head();
    assertEquals(await client.octets(large.length), large);
  }
});

Deno.test("Reply may turn out to be a response, and a request of another kind is answered by the handler", async () => {
  await using proxy = replying(() => Promise.resolve(new Response("sorry", { status: 404 })));
  const client = proxy.client();
  await client.say(get("/none"));
  assertMatch(await client.head(), /^HTTP\/1\.1 404 Not Found\r\n/);
  assertEquals(await client.octets(5), "sorry");
  await client.say(get("/none").replace("GET", "DELETE"));
  await client.head();
  assertEquals(await client.octets(6), "object");
});

Deno.test("Reply that fails by a mistake breaks the connection off", async () => {
  await using proxy = replying(() => Promise.reject(new TypeError("a mistake")));
  const client = proxy.client();
  await client.say(get("/"));
  assertEquals(await client.rest(), "");
  assertEquals(proxy.errors.map(String), ["TypeError: a mistake"]);
  await eventually(() => proxy.listener.stats.open === 0);
});

Deno.test("Reply under way is given when the listener drains", async () => {
  const { promise, resolve } = Promise.withResolvers<OctetAnswer>();
  await using proxy = replying(() => promise);
  const client = proxy.client();
  await client.say(get("/"));
  await eventually(() => proxy.listener.stats.active === 1);
  const drained = proxy.listener.drain();
  resolve(octets("late"));
  assertMatch(await client.head(), /connection: close/);
  assertEquals(await client.octets(4), "late");
  client.close();
  await drained;
});

Deno.test("Door.turnAway() replies to a request whose body is there without a look at it, and the next one follows", async () => {
  const asked: string[] = [];
  const door: Door = {
    open: () => undefined,
    answer: async (request) => new Response(await request.text()),
    turnAway({ bytes, head }) {
      const path = latin1(bytes, head.pathStart, head.targetEnd);
      asked.push(path);
      return path === "/full" ? { kind: "reply", answer: Promise.resolve(octets("full")) } : undefined;
    },
  };
  await using proxy = new ProxyFixture({ listener: { door } });
  const client = proxy.client();
  const post = (path: string, content: string, length = content.length) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nx-request-id: r\r\nContent-Length: ${length}\r\n\r\n${content}`;
  await client.say(post("/full", "GET / HTTP/1.1") + post("/free", "one") + post("/full", "two") + get("/3"));
  for (const content of ["full", "one", "full", ""]) {
    assertMatch(await client.head(), /^HTTP\/1\.1 200 /);
    assertEquals(await client.octets(content.length), content);
  }
  await client.say(
    `POST /full HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  );
  await client.head();
  assertEquals(await client.octets(3), "abc");
  assertEquals(asked, ["/full", "/free", "/full"]);
});
