import { assertEquals } from "@std/assert";
import { transportConformance } from "../testing/transport_conformance.ts";
import { ConnectionPool } from "./connection_pool.ts";
import { tcpTransport } from "./tcp_transport.ts";
import { testUpstream } from "./testing/fixed_source.ts";
import { memoryPair } from "./testing/memory_connection.ts";
import { Peer } from "./testing/peer.ts";

transportConformance("tcp", tcpTransport);

Deno.test("tcpTransport() closes what its listener's pool keeps for an upstream that it is to forget", async () => {
  const [near, far] = memoryPair();
  const pool = new ConnectionPool({ dial: () => Promise.resolve(far) });
  const transport = tcpTransport({ pool });
  const upstream = testUpstream("leaving");
  const dialled = await pool.connect(upstream, 1_000);
  if (dialled.kind === "connected") pool.put(dialled.connection);
  assertEquals(pool.idle, 1);
  transport.forget?.(upstream);
  assertEquals([pool.idle, await new Peer(near).rest()], [0, ""]);
  transport.close();
});
