import { assertEquals, assertRejects } from "@std/assert";
import { MessageError } from "./message_error.ts";
import { readProxyHeader } from "./proxy_protocol.ts";
import { memoryPair } from "./testing/memory_connection.ts";
import { Peer } from "./testing/peer.ts";

const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";

async function read(text: string, whole = true) {
  const [near, far] = memoryPair();
  const peer = new Peer(near);
  const reading = readProxyHeader(far);
  if (whole) await peer.say(text);
  else for (const octet of text) await peer.say(octet);
  await peer.closeWrite();
  const { peer: address, rest } = await reading;
  return [address, String.fromCharCode(...rest)];
}

Deno.test("readProxyHeader() reads versions 1 and 2, whole and octet by octet", async () => {
  const v6 = `${SIGNATURE}\x21\x21\x00\x24\x20\x01\x0d\xb8${"\0".repeat(11)}\x01${
    "\0".repeat(16)
  }\x00\x01\x00\x02`;
  const cases: [string, string | undefined][] = [
    ["PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "192.0.2.1"],
    ["PROXY TCP6 2001:db8::1 ::1 1 2\r\n", "2001:db8::1"],
    ["PROXY UNKNOWN\r\n", undefined],
    ["PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", undefined],
    [`${SIGNATURE}\x21\x11\x00\x0c\xc0\x00\x02\x01\x7f\x00\x00\x01\x00\x01\x00\x02`, "192.0.2.1"],
    [`${SIGNATURE}\x21\x11\x00\x0f\xc0\x00\x02\x01\x7f\x00\x00\x01\x00\x01\x00\x02\x04\x00\x00`, "192.0.2.1"],
    [v6, "2001:db8::1"],
    [`${SIGNATURE}\x20\x00\x00\x00`, undefined],
  ];
  for (const [header, expected] of cases) {
    assertEquals(await read(`${header}GET /`), [expected, "GET /"]);
    assertEquals((await read(header, false))[0], expected);
  }
});

Deno.test("readProxyHeader() refuses what is no PROXY header", async () => {
  const cases = [
    "GET / HTTP/1.1\r\n",
    "PROXY TCP4 999.0.2.1 192.0.2.2 1 2\r\n",
    "PROXY TCP4 2001:db8::1 ::1 1 2\r\n",
    "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
    "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
    `PROXY ${"a".repeat(120)}`,
    `${SIGNATURE}\x11\x11\x00\x00`,
    `${SIGNATURE}\x21\x11\xff\xff`,
    "",
  ];
  for (const text of cases) await assertRejects(() => read(text), MessageError);
});
