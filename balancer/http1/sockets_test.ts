import { assertEquals, assertRejects } from "@std/assert";
import { ConnectionPool } from "./connection_pool.ts";
import { dial } from "./sockets.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "./testing/certificate.ts";
import { testUpstream } from "./testing/fixed_source.ts";

const net = (await Deno.permissions.query({ name: "net" })).state === "granted";

Deno.test({
  name: "dial() fails before anything is sent to a server whose certificate is not trusted",
  ignore: !net,
  async fn() {
    const listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert: TEST_CERTIFICATE,
      key: TEST_KEY,
    });
    const heard = listener.accept().then(async (connection) => {
      using accepted = connection;
      await assertRejects(() => accepted.read(new Uint8Array(1)));
    });
    using pool = new ConnectionPool({ dial });
    const upstream = { ...testUpstream("secure", { port: listener.addr.port }), secure: true };
    assertEquals((await pool.connect(upstream, 10_000)).kind, "connect_refused");
    await heard;
    listener.close();
  },
});

Deno.test({
  name: "dial() fails when the server speaks no TLS",
  ignore: !net,
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const answering = listener.accept().then(async (connection) => {
      await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
      connection.close();
    });
    const upstream = { ...testUpstream("plain", { port: listener.addr.port }), secure: true };
    await assertRejects(() => dial(upstream));
    await answering;
  },
});
