import { assert, assertEquals, assertGreaterOrEqual, assertStringIncludes } from "@std/assert";
import { freePort } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import { lacksSocket } from "./no_socket.ts";
import { startBalancer } from "./testing/balancer_program.ts";

const names = ["net", "run", "read", "env"] as const;
const states = await Promise.all(names.map((name) => Deno.permissions.query({ name })));
const ignore = states.some(({ state }) => state !== "granted") || Deno.build.os === "windows";

Deno.test("lacksSocket() tells a want of descriptors from an upstream that cannot be reached", () => {
  const withCode = (code: string) => Object.assign(new Error("failed"), { code });
  assert(lacksSocket(withCode("EMFILE")));
  assert(lacksSocket(new Error("tcp open error: Too many open files (os error 24)")));
  assert(!lacksSocket(withCode("ECONNREFUSED")));
  assert(!lacksSocket(withCode("EADDRNOTAVAIL")));
  assert(!lacksSocket("EMFILE"));
});

/** A server that ends each connection with its answer, so that every request and check needs another one. */
function upstream() {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    return new Response("ok", { headers: { connection: "close" } });
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** What the balancer tells of its only upstream. */
async function snapshot(port: number) {
  const headers = { authorization: "Bearer flotilla-development-admin-token", connection: "close" };
  const response = await fetch(`http://127.0.0.1:${port}/snapshot`, { headers });
  const { upstreams: [upstream] } = await response.json();
  return upstream;
}

/** Asks on one connection, again and again. */
function asker(connection: Deno.Conn) {
  const buffer = new Uint8Array(4_096);
  return async () => {
    await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    const count = await connection.read(buffer);
    return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
  };
}

Deno.test({
  name: "the balancer's process that has no descriptor left answers 503, and holds it against no upstream",
  ignore,
  async fn() {
    await using behind = upstream();
    const admin = freePort();
    const flags = ["--upstream", behind.url, "--admin-port", String(admin)];
    await using balancer = await startBalancer({ flags, descriptors: 96 });
    const [hostname = "", port] = balancer.address.split(":");
    const connect = () => Deno.connect({ hostname, port: Number(port) });
    using first = await connect();
    const ask = asker(first);
    await eventually(async () => (await ask()).startsWith("HTTP/1.1 200"));
    const before = await snapshot(admin);
    const idle = await Promise.all(Array.from({ length: 96 }, connect));
    // A check that ends leaves a descriptor free for a moment, and a request may have it.
    let refused = 0;
    await eventually(async () => {
      const answer = await ask();
      if (!answer.includes("No more connections to servers can be opened")) return false;
      assertStringIncludes(answer, "503 Service Unavailable");
      return ++refused === 6;
    });
    for (const connection of idle) connection.close();
    await eventually(async () => (await ask()).startsWith("HTTP/1.1 200"));
    const after = await snapshot(admin);
    assertEquals([after.health, after.ejections], [before.health, 0]);
    assertGreaterOrEqual(after.failures.no_socket, 6);
  },
});
