import { assertEquals } from "@std/assert";
import * as host from "./host.ts";
import { Deadlines } from "./http1/deadlines.ts";
import { memoryPair } from "./http1/testing/memory_connection.ts";
import { Peer } from "./http1/testing/peer.ts";
import { testUpstream } from "./http1/testing/fixed_source.ts";
import { TrunkDialer } from "./http1/trunk_dialer.ts";
import { YamuxStream } from "./yamux/stream.ts";

Deno.test("host.ts exports what a role is served with, and nothing else", () => {
  assertEquals(Object.keys(host).toSorted(), [
    "HeadFields",
    "KnockContext",
    "KnownOctets",
    "dateLine",
    "fromLatin1",
    "host",
    "hostListener",
    "latin1",
    "trunkFlags",
  ]);
});

Deno.test("hostListener() has a role answer, over a trunk where it accepts one", async () => {
  for (const acceptTrunks of [true, false]) {
    const listener = host.hostListener({ fetch: ({ url }) => new Response(url) }, { acceptTrunks });
    const deadlines = new Deadlines();
    const dial = () => {
      const [near, far] = memoryPair();
      listener.serveConnection(far, { peer: "127.0.0.1" });
      return Promise.resolve(near);
    };
    using dialer = new TrunkDialer({ dial, deadlines });
    const connection = await dialer.dial(testUpstream("role"));
    assertEquals(connection instanceof YamuxStream, acceptTrunks);
    const client = new Peer(connection);
    await client.say("GET /x HTTP/1.1\r\nHost: role.test\r\n\r\n");
    await client.head();
    assertEquals(await client.octets(18), "http://role.test/x");
    client.close();
    await listener.close();
    deadlines[Symbol.dispose]();
  }
});
