import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { AttemptError, type FailureKind } from "../failure.ts";
import { readTimeouts } from "../timeouts.ts";
import type { Transport, UpstreamRequest } from "../transports/transport.ts";
import { identify, UpstreamState } from "../upstream_state.ts";
import { type RawConnection, type RawUpstream, rawUpstream } from "./raw_upstream.ts";

const net = (await Deno.permissions.query({ name: "net" })).state === "granted";

/**
 * Registers the tests that every transport must pass. They need `--allow-net`, and are ignored without it.
 */
export function transportConformance(name: string, create: () => Transport): void {
  const test = (criterion: string, run: (transport: Transport) => Promise<void>) =>
    Deno.test({
      name: `${name}: send() ${criterion}`,
      ignore: !net,
      fn: async () => {
        const transport = create();
        try {
          await run(transport);
        } finally {
          transport.close();
        }
      },
    });
  testMessages(test);
  testFailures(test);
  testStreams(test);
}

type Register = (criterion: string, run: (transport: Transport) => Promise<void>) => void;

/** Sends to this server; the head is complete when it resolves. */
function send(
  transport: Transport,
  to: { url: string; signal?: AbortSignal } & Partial<UpstreamRequest>,
): Promise<Response> {
  const { url, signal = new AbortController().signal, ...request } = to;
  const upstream = new UpstreamState(identify({ url }), { kind: "up", since: 0 });
  const headers = new Headers(request.headers);
  if (!headers.has("host")) headers.set("host", new URL(url).host);
  return transport.send(
    { method: "GET", target: "/", body: null, ...request, headers },
    { upstream, signal, timeouts: readTimeouts() },
  );
}

function textBody(text: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from([new TextEncoder().encode(text)]);
}

/** Answers every request on every connection with this text. */
function answering(...parts: string[]): RawUpstream {
  return rawUpstream(async (connection) => {
    while (await connection.head() !== undefined) await connection.write(parts.join("\r\n"));
  });
}

async function failureKind(attempt: Promise<unknown>): Promise<FailureKind> {
  return (await assertRejects(() => attempt, AttemptError)).failure.kind;
}

function testMessages(test: Register): void {
  test("brings method, target, fields, host and body, and the answer back", async (transport) => {
    await using upstream = rawUpstream(async (connection) => {
      const head = await connection.head() ?? "";
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      // With a length it is "hello", in chunks it is "5 hello 0".
      assertEquals(
        length === 5 ? await connection.read(5) : await connection.read(15),
        length === 5 ? "hello" : "5\r\nhello\r\n0\r\n\r\n",
      );
      await connection.write("HTTP/1.1 201 Made\r\nX-Answer: yes\r\nContent-Length: 2\r\n\r\nok");
    });
    const headers = new Headers({ host: "shop.example", "x-custom": "1", "content-length": "5" });
    const response = await send(transport, {
      url: upstream.url,
      method: "PATCH",
      target: "/a%2Fb?q=%20",
      headers,
      body: textBody("hello"),
    });
    assertEquals([response.status, response.headers.get("x-answer"), await response.text()], [
      201,
      "yes",
      "ok",
    ]);
    const [head = ""] = upstream.heads;
    assertMatch(head, /^PATCH \/a%2Fb\?q=%20 HTTP\/1\.1\r\n/);
    assertMatch(head, /\r\nhost: shop\.example\r\n/i);
    assertMatch(head, /\r\nx-custom: 1\r\n/i);
  });

  for (const [coding, compress] of [["gzip", gzipSync], ["br", brotliCompressSync]] as const) {
    test(`leaves a body coded with ${coding} untouched`, async (transport) => {
      const bytes = new Uint8Array(compress("hello"));
      const server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen: () => {} },
        () => new Response(bytes, { headers: { "content-encoding": coding } }),
      );
      for (const accepted of [undefined, "gzip, br", "identity"]) {
        const headers = new Headers(accepted === undefined ? {} : { "accept-encoding": accepted });
        const response = await send(transport, { url: `http://127.0.0.1:${server.addr.port}`, headers });
        assertEquals(response.headers.get("content-encoding"), coding);
        assertEquals(response.headers.get("content-length"), String(bytes.length));
        assertEquals(await response.bytes(), bytes);
      }
      transport.close();
      await server.shutdown();
    });
  }

  test("does not follow redirects", async (transport) => {
    await using upstream = answering("HTTP/1.1 302 Found", "Location: /there", "Content-Length: 0", "", "");
    const response = await send(transport, { url: upstream.url });
    await response.body?.cancel();
    assertEquals([response.status, response.headers.get("location")], [302, "/there"]);
    assertEquals(upstream.heads.length, 1);
  });

  for (
    const [method, status] of [["HEAD", "200 OK"], ["GET", "304 Not Modified"], [
      "GET",
      "204 No Content",
    ]] as const
  ) {
    test(`awaits no body after ${method} and ${status}`, async (transport) => {
      const length = status === "204 No Content" ? "X-None: 1" : "Content-Length: 5";
      await using upstream = answering(`HTTP/1.1 ${status}`, length, "", "");
      for (let i = 0; i < 2; i++) {
        const response = await send(transport, { url: upstream.url, method });
        assertEquals(await response.text(), "");
      }
    });
  }

  test("passes over 1xx answers", async (transport) => {
    const early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    await using upstream = answering(`${early}HTTP/1.1 200 OK`, "Content-Length: 2", "", "ok");
    const response = await send(transport, { url: upstream.url });
    assertEquals([response.status, await response.text()], [200, "ok"]);
  });

  test("takes bodies in chunks and up to the end of the connection", async (transport) => {
    await using chunked = answering(
      "HTTP/1.1 200 OK",
      "Transfer-Encoding: chunked",
      "",
      "2",
      "ok",
      "0",
      "",
      "",
    );
    await using closing = rawUpstream(async (connection) => {
      await connection.head();
      await connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end");
    });
    assertEquals(await (await send(transport, { url: chunked.url })).text(), "ok");
    assertEquals(await (await send(transport, { url: closing.url })).text(), "to the end");
  });
}

function testFailures(test: Register): void {
  test("fails with connect_refused when nobody listens, and leaves the body alone or readable again", async (transport) => {
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const url = `http://127.0.0.1:${listener.addr.port}`;
    listener.close();
    assertEquals(await failureKind(send(transport, { url })), "connect_refused");
    const attempt = send(transport, { url, method: "POST", body: textBody("hello") });
    assertEquals(await failureKind(attempt), "connect_refused");
  });

  test("fails with reset when a fresh connection is closed before an answer", async (transport) => {
    await using upstream = rawUpstream(async (connection) => void await connection.head());
    assertEquals(await failureKind(send(transport, { url: upstream.url })), "reset");
  });

  for (
    const garbage of [
      "hello\r\n\r\n",
      "HTTP/1.1 abc OK\r\n\r\n",
      "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ]
  ) {
    test(`fails with protocol_error when the answer is ${JSON.stringify(garbage)}`, async (transport) => {
      await using upstream = answering(garbage);
      assertEquals(await failureKind(send(transport, { url: upstream.url })), "protocol_error");
    });
  }

  for (const head of ["Content-Length: 100\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n64\r\nhello"]) {
    test(`fails in the middle of a body that breaks off: ${head.slice(0, 17)}`, async (transport) => {
      await using upstream = rawUpstream(async (connection) => {
        await connection.head();
        await connection.write(`HTTP/1.1 200 OK\r\n${head}`);
      });
      const response = await send(transport, { url: upstream.url });
      await assertRejects(() => response.text());
    });
  }

  for (const body of ["hello", undefined]) {
    test(`never sends a POST ${body === undefined ? "without" : "with a"} body twice when a kept connection breaks`, async (transport) => {
      await using upstream = rawUpstream(async (connection, index) => {
        await connection.head();
        await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        if (index === 0) await connection.head();
        else await connection.closed();
      });
      await (await send(transport, { url: upstream.url })).text();
      const post = { url: upstream.url, method: "POST", body: body === undefined ? null : textBody(body) };
      const outcome = await send(transport, post).then((response) => response.text(), (error) => error);
      if (outcome instanceof AttemptError) {
        assert(outcome.failure.kind === "reset" || outcome.failure.kind === "stale_connection");
      }
      assertEquals(upstream.heads.filter((head) => head.startsWith("POST")).length, 1);
    });
  }

  test("breaks the connection off when nobody waits any longer", async (transport) => {
    const { promise: seen, resolve } = Promise.withResolvers<void>();
    await using upstream = rawUpstream(async (connection) => {
      await connection.head();
      await connection.closed();
      resolve();
    });
    const leave = new AbortController();
    const attempt = send(transport, { url: upstream.url, signal: leave.signal });
    const failed = failureKind(attempt);
    while (upstream.heads.length === 0) await new Promise((again) => setTimeout(again, 5));
    leave.abort(new AttemptError({ kind: "client_gone" }));
    assertEquals(await failed, "client_gone");
    await seen;
  });
}

function testStreams(test: Register): void {
  test("gives the answer's pieces as they come", async (transport) => {
    const { promise: goOn, resolve } = Promise.withResolvers<void>();
    await using upstream = rawUpstream(async (connection) => {
      await connection.head();
      await connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
      await goOn;
      await connection.write("3\r\ntwo\r\n0\r\n\r\n");
    });
    const response = await send(transport, { url: upstream.url });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await reader?.read())?.value, "one");
    resolve();
    assertEquals((await reader?.read())?.value, "two");
    assertEquals((await reader?.read())?.done, true);
  });

  test("sends the request's pieces as they come", async (transport) => {
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    await using upstream = rawUpstream(async (connection: RawConnection) => {
      await connection.head();
      assertMatch(await connection.read(8), /^3\r\none\r\n$/);
      resolve();
      assertMatch(await connection.read(8), /^3\r\ntwo\r\n$/);
      await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    const pipe = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
    const writer = pipe.writable.getWriter();
    const answer = send(transport, { url: upstream.url, method: "POST", body: pipe.readable });
    await writer.write(new TextEncoder().encode("one"));
    await arrived;
    await writer.write(new TextEncoder().encode("two"));
    await writer.close();
    assertEquals((await answer).status, 200);
    await (await answer).body?.cancel();
  });

  test("cancels the answer when its reader does", async (transport) => {
    const { promise: seen, resolve } = Promise.withResolvers<void>();
    await using upstream = rawUpstream(async (connection) => {
      await connection.head();
      await connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
      await connection.closed();
      resolve();
    });
    const response = await send(transport, { url: upstream.url });
    await response.body?.cancel();
    await seen;
  });
}
