import { assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { freePort } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import { fromFileUrl } from "@std/path";
import { TEST_CERTIFICATE, TEST_KEY } from "./http1/testing/certificate.ts";
import { runBalancer, startBalancer } from "./testing/balancer_program.ts";

const names = ["net", "run", "read", "write", "env"] as const;
const states = await Promise.all(names.map((name) => Deno.permissions.query({ name })));
const ignore = states.some(({ state }) => state !== "granted");

const UPSTREAM = ["--upstream", "http://127.0.0.1:1"];

/** A server that says over which protocol a request came to the balancer. */
function upstream() {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ headers }) => {
    return new Response(headers.get("x-forwarded-proto"));
  });
  const { port } = server.addr;
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

async function tlsFiles() {
  const folder = await Deno.makeTempDir();
  const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  await Promise.all([Deno.writeTextFile(cert, TEST_CERTIFICATE), Deno.writeTextFile(key, TEST_KEY)]);
  return {
    cert,
    flags: ["--tls-cert", cert, "--tls-key", key],
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** What a balancer answers by an upstream that is there; on a busy machine it may be taken to be away at first. */
async function answerOf(request: () => Promise<Response>): Promise<string> {
  return await eventually(async () => {
    const response = await request();
    const text = await response.text();
    return response.status !== 503 && text;
  }, { what: "an answer of the upstream" });
}

async function ask(url: string, options: Deno.CreateHttpClientOptions): Promise<string> {
  using client = Deno.createHttpClient({ caCerts: [TEST_CERTIFICATE], ...options });
  return await answerOf(() => fetch(url, { client }));
}

Deno.test({
  name: "the balancer's process says what keeps it from starting, and exits 2",
  ignore,
  async fn(t) {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = String(taken.addr.port);
    const here = fromFileUrl(import.meta.url);
    const cases: [string, string[], string][] = [
      ["a port that is taken", ["--port", port, ...UPSTREAM], `--port: 127.0.0.1:${port} is taken`],
      [
        "an admin port that is taken",
        ["--port", "0", "--admin-port", port, ...UPSTREAM],
        `--admin-port: 127.0.0.1:${port} is taken`,
      ],
      ["another machine's address", ["--port", "0", "--host", "192.0.2.1", ...UPSTREAM], "--host: 192.0.2.1"],
      ["no upstream", ["--port", "0"], "Give the upstreams by --upstream"],
      ["one upstream twice", ["--port", "0", ...UPSTREAM, ...UPSTREAM], "two have the name 127.0.0.1:1"],
      ["a certificate alone", ["--port", "0", ...UPSTREAM, "--tls-cert", here], "together, or neither"],
      [
        "a certificate that is not there",
        ["--port", "0", ...UPSTREAM, "--tls-cert", "/none.pem", "--tls-key", here],
        "--tls-cert: No such file",
      ],
      [
        "a certificate that is none",
        ["--port", "0", ...UPSTREAM, "--tls-cert", here, "--tls-key", here],
        "with TLS: No certificates found",
      ],
      [
        "PROXY headers for Deno.serve",
        ["--port", "0", ...UPSTREAM, "--listener", "serve", "--proxy-protocol"],
        "--proxy-protocol: only --listener bytes reads it",
      ],
    ];
    for (const [title, args, reason] of cases) {
      await t.step(title, async () => {
        const { code, said } = await runBalancer(...args);
        assertStringIncludes(said, reason);
        assertNotMatch(said, /^\s+at /m);
        assertEquals(code, 2);
      });
    }
  },
});

Deno.test({
  name: "the balancer's process serves TLS with either listener, and HTTP/2 with Deno.serve",
  ignore,
  async fn(t) {
    await using behind = upstream();
    await using tls = await tlsFiles();
    const cases = [
      ["bytes", { http1: true, http2: false }],
      ["serve", { http1: true, http2: false }],
      ["serve", { http1: false, http2: true }],
    ] as const;
    for (const [listener, versions] of cases) {
      await t.step(`${listener}, HTTP/${versions.http2 ? 2 : 1}`, async () => {
        const flags = ["--upstream", behind.url, "--listener", listener, ...tls.flags];
        await using balancer = await startBalancer({ flags });
        assertEquals(await ask(`https://${balancer.address}/`, versions), "https");
      });
    }
  },
});

Deno.test({
  name: "the balancer's process speaks TLS to an upstream that it trusts, and sends nothing to another",
  ignore,
  async fn(t) {
    await using tls = await tlsFiles();
    let reached = 0;
    const secured = { cert: TEST_CERTIFICATE, key: TEST_KEY };
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, ...secured, onListen() {} },
      ({ url }) => {
        reached++;
        return new Response(url);
      },
    );
    const { port } = server.addr;
    const flags = ["--upstream", `https://127.0.0.1:${port}`];
    await t.step("trusted", async () => {
      await using balancer = await startBalancer({ deno: ["--cert", tls.cert], flags });
      const post = () => fetch(`http://${balancer.address}/x`, { method: "POST", body: "hello" });
      assertEquals(await answerOf(post), `https://${balancer.address}/x`);
    });
    await t.step("not trusted", async () => {
      const before = reached;
      await using balancer = await startBalancer({ flags });
      const response = await fetch(`http://${balancer.address}/x`, { method: "POST", body: "hello" });
      await response.body?.cancel();
      assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
      assertEquals(reached, before);
    });
  },
});

Deno.test({
  name: "the balancer's process stops though a request to its admin API never ends",
  ignore,
  async fn() {
    const port = freePort();
    const balancer = await startBalancer({
      flags: [...UPSTREAM, "--admin-port", String(port), "--drain", "0"],
    });
    using slow = await Deno.connect({ hostname: "127.0.0.1", port });
    const head = "POST /upstreams HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n" +
      "Authorization: Bearer flotilla-development-admin-token\r\nExpect: 100-continue\r\n\r\n";
    await slow.write(new TextEncoder().encode(head));
    // It is being answered: its content is asked for.
    await slow.read(new Uint8Array(100));
    await deadline(Promise.resolve(balancer[Symbol.asyncDispose]()), 10_000);
  },
});

Deno.test({
  name: "the balancer's process serves HTTP/2 in clear text with Deno.serve to who knows that it does",
  ignore,
  async fn() {
    await using behind = upstream();
    await using balancer = await startBalancer({ flags: ["--upstream", behind.url, "--listener", "serve"] });
    assertEquals(await ask(`http://${balancer.address}/`, { http1: false, http2: true }), "http");
  },
});
