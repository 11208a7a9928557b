import { assert, assertEquals } from "@std/assert";
import type { Connection } from "./connection.ts";
import { memoryPair } from "./testing/memory_connection.ts";
import { Peer } from "./testing/peer.ts";
import { Wire } from "./wire.ts";

const SIZES = { input: 8, growth: 4 };

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

Deno.test("Wire.fill() reads behind what is there, and grows when it is full", async () => {
  const [near, far] = memoryPair();
  const peer = new Peer(near);
  const wire = new Wire(far, SIZES);
  await peer.say("0123456789abcdef");
  assert(await wire.fill());
  assert(wire.full);
  assert(!wire.grow());
  assert(await wire.fill());
  assertEquals(text(wire.bytes.subarray(wire.start, wire.end)), "0123456789abcdef");
  wire.start = 10;
  assert(wire.grow());
  assertEquals([wire.start, text(wire.bytes.subarray(0, wire.end))], [0, "abcdef"]);
  wire.cut();
});

Deno.test("Wire.putUtf8() puts characters of all lengths, behind what is there", () => {
  const [near, far] = memoryPair();
  const wire = new Wire(far, SIZES);
  wire.compose();
  wire.reserve(20);
  wire.putText("a: ");
  wire.putUtf8("ü字😀");
  wire.putLineEnd();
  assertEquals(text(wire.message), "a: ü字😀\r\n");
  near.close();
  wire.cut();
});

Deno.test("Wire.holds() makes room for a whole message at once", async () => {
  const [near, far] = memoryPair();
  const peer = new Peer(near);
  const wire = new Wire(far, SIZES);
  await peer.say("0123456789abcdef");
  assert(await wire.fill());
  wire.start = 2;
  assert(!wire.holds(14));
  assert(await wire.fill());
  assert(wire.holds(14));
  assertEquals(text(wire.bytes.subarray(wire.start, wire.end)), "23456789abcdef");
  wire.cut();
});

Deno.test("Wire.shrink() gives a large buffer up while the next message is waited for, and loses nothing of that", async () => {
  const [near, far] = memoryPair();
  const peer = new Peer(near);
  const wire = new Wire(far, SIZES);
  const small = wire.bytes;
  await peer.say("0123456789abcdef");
  await wire.fill();
  wire.grow();
  await wire.fill();
  assert(wire.bytes.length > small.length);
  wire.start = wire.end;
  wire.watch();
  wire.shrink();
  assertEquals(wire.bytes, small);
  const filled = wire.fill();
  await peer.say("next");
  assert(await filled);
  assertEquals(text(wire.bytes.subarray(wire.start, wire.end)), "next");
  wire.cut();
});

Deno.test("Wire.reserve() loses nothing of a read under way", async () => {
  const [near, far] = memoryPair();
  const peer = new Peer(near);
  const wire = new Wire(far, SIZES);
  const filled = wire.fill();
  wire.compose();
  wire.reserve(1_000);
  wire.put(new Uint8Array(1_000));
  await peer.say("hello");
  assert(await filled);
  assertEquals(text(wire.bytes.subarray(wire.start, wire.end)), "hello");
  wire.cut();
});

Deno.test("Wire.write() writes all of it through a socket that takes a few octets at a time", async () => {
  const taken: string[] = [];
  const connection: Connection = {
    read: () => new Promise(() => {}),
    write: (octets) => {
      taken.push(text(octets.subarray(0, 3)));
      return Promise.resolve(Math.min(3, octets.length));
    },
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
  const wire = new Wire(connection, SIZES);
  assert(await wire.write(new TextEncoder().encode("hello world")));
  assertEquals(taken.join(""), "hello world");
});

Deno.test("Wire tells its end once, and why", async () => {
  const [near, far] = memoryPair();
  const wire = new Wire(far, SIZES);
  let ends = 0;
  wire.onEnd = () => ends++;
  wire.watch();
  near.close();
  assert(!(await wire.fill()));
  assertEquals([ends, wire.state.kind], [1, "ended"]);
  wire.cut();
  wire.cut();
  assertEquals([ends, wire.state.kind], [1, "cut"]);
});

Deno.test("Wire.unread() puts back what came behind a body", () => {
  const [, far] = memoryPair();
  const wire = new Wire(far, SIZES);
  wire.unread(new TextEncoder().encode("0123456789abcdef"));
  assertEquals(text(wire.bytes.subarray(wire.start, wire.end)), "0123456789abcdef");
});

Deno.test("Wire.proceed() tells whoever waits that the socket was cut before its turn came", async () => {
  const [, far] = memoryPair();
  const wire = new Wire(far, SIZES);
  const { promise, resolve } = Promise.withResolvers<void>();
  wire.onEnd = resolve;
  wire.waiting = true;
  wire.cut();
  wire.proceed();
  await promise;
  assertEquals(wire.state.kind, "cut");
});

Deno.test("Wire.readInto() waits for no turn: a tunnel has taken the reading over", async () => {
  const [near, far] = memoryPair();
  const peer = new Peer(near);
  const wire = new Wire(far, SIZES);
  wire.waiting = true;
  const reading = wire.readInto(new Uint8Array(4));
  assert(!wire.waiting);
  await peer.say("abcd");
  assertEquals(await reading, 4);
  wire.cut();
});
