import { assertEquals, assertRejects } from "@std/assert";
import { ManualClock } from "../manual_clock.ts";
import { KvRefusedError } from "./kv_errors.ts";
import type { ResponseHead, ResponseSink } from "./response_reader.ts";
import { MessageBuilder } from "./testdata/message_builder.ts";
import { Watcher } from "./watcher.ts";

const HEAD: ResponseHead = { status: 200, length: "chunked", reusable: true, retryLater: false };
const ALIVE = new Uint8Array(4);

/** A frame that tells of each key its entry's version, `null` where there is no entry, `undefined` where none changed. */
function frame(...versions: (number | null | undefined)[]): Uint8Array {
  const message = new MessageBuilder().varint(1, 1);
  for (const version of versions) {
    const told = new MessageBuilder();
    if (version !== undefined) told.varint(1, 1);
    if (typeof version === "number") told.bytes(2, entry(version));
    message.bytes(2, told.build());
  }
  const bytes = message.build();
  const framed = new Uint8Array(4 + bytes.length);
  new DataView(framed.buffer).setUint32(0, bytes.length, true);
  framed.set(bytes, 4);
  return framed;
}

function entry(version: number): Uint8Array {
  const versionstamp = new Uint8Array(10).fill(version);
  return new MessageBuilder().bytes(1, new Uint8Array([1])).bytes(2, new Uint8Array([version])).varint(3, 3)
    .bytes(4, versionstamp).build();
}

interface Lab {
  readonly watcher: Watcher;
  readonly clock: ManualClock;
  readonly closing: AbortController;
  /** What the server said to the watches so far, and whether each has ended. */
  readonly watches: { sink: ResponseSink; closed: boolean; lose(): void }[];
  /** The versions that come next. */
  next(): Promise<(number | undefined)[] | undefined>;
}

async function watchTwo(): Promise<Lab> {
  const [clock, closing] = [new ManualClock(), new AbortController()];
  const watches: Lab["watches"] = [];
  const watcher = new Watcher({
    keys: 2,
    clock,
    closing: closing.signal,
    open(sink, onEnd) {
      const lose = () => onEnd(new Error("lost"));
      const watch = { sink, closed: false, lose };
      watches.push(watch);
      const close = () => {
        watch.closed = true;
        lose();
      };
      return Promise.resolve({ close, [Symbol.dispose]: close });
    },
  });
  await clock.advance(0);
  const next = async () => (await watcher.next())?.map((found) => found?.data[0]);
  return { watcher, clock, closing, watches, next };
}

Deno.test("Watcher tells what is there, and then what differs from it", async () => {
  const { watcher, watches, next } = await watchTwo();
  const sink = watches[0]?.sink;
  sink?.head(HEAD);
  sink?.content(frame(1, null));
  assertEquals(await next(), [1, undefined]);
  sink?.content(ALIVE);
  sink?.content(frame(1, null));
  sink?.content(frame(1, 2));
  assertEquals(await next(), [1, 2]);
  sink?.content(frame(null, 2));
  assertEquals(await next(), [undefined, 2]);
  watcher.stop();
});

Deno.test("Watcher tells at once that there is nothing", async () => {
  const { watcher, watches, next } = await watchTwo();
  watches[0]?.sink.head(HEAD);
  watches[0]?.sink.content(frame(null, null));
  assertEquals(await next(), [undefined, undefined]);
  watcher.stop();
});

Deno.test("Watcher keeps what a server says has not changed", async () => {
  const { watcher, watches, next } = await watchTwo();
  watches[0]?.sink.head(HEAD);
  watches[0]?.sink.content(frame(1, 2));
  assertEquals(await next(), [1, 2]);
  watches[0]?.sink.content(frame(undefined, 3));
  assertEquals(await next(), [1, 3]);
  watcher.stop();
});

Deno.test("Watcher gives who reads slowly the latest, from messages in pieces of any size", async () => {
  const { watcher, watches, next } = await watchTwo();
  watches[0]?.sink.head(HEAD);
  for (const byte of [...frame(1, 1), ...ALIVE, ...frame(2, 2), ...frame(3, 3)]) {
    watches[0]?.sink.content(new Uint8Array([byte]));
  }
  assertEquals(await next(), [3, 3]);
  watcher.stop();
});

Deno.test("Watcher begins anew when the connection is lost, and tells what has changed meanwhile alone", async () => {
  const { watcher, clock, watches, next } = await watchTwo();
  watches[0]?.sink.head(HEAD);
  watches[0]?.sink.content(frame(1, 2));
  assertEquals(await next(), [1, 2]);
  watches[0]?.lose();
  await clock.advance(1_000);
  watches[1]?.sink.head(HEAD);
  watches[1]?.sink.content(frame(1, 2));
  watches[1]?.sink.content(frame(1, 3));
  assertEquals(await next(), [1, 3]);
  watcher.stop();
  await clock.advance(0);
  assertEquals([watches.length, watches[1]?.closed, clock.pending], [2, true, 0]);
});

Deno.test("Watcher gives up a connection over which nothing comes", async () => {
  const { watcher, clock, watches } = await watchTwo();
  watches[0]?.sink.head(HEAD);
  for (let second = 0; second < 60; second += 5) {
    watches[0]?.sink.content(ALIVE);
    await clock.advance(5_000);
  }
  assertEquals(watches.length, 1);
  await clock.advance(40_000);
  assertEquals(watches[0]?.closed, true);
  assertEquals(watches.length > 1, true);
  watcher.stop();
});

Deno.test("Watcher throws what the server refuses, and asks no more", async () => {
  const { watcher, clock, watches } = await watchTwo();
  watches[0]?.sink.head({ ...HEAD, status: 400 });
  watches[0]?.sink.content(new TextEncoder().encode("Too many keys"));
  watches[0]?.sink.end();
  await assertRejects(() => watcher.next(), KvRefusedError, "Too many keys");
  await clock.advance(60_000);
  assertEquals(watches.length, 1);
});

Deno.test("Watcher ends when the database is closed, though nobody stopped it", async () => {
  const { watcher, clock, closing, watches } = await watchTwo();
  const next = watcher.next();
  closing.abort();
  assertEquals(await next, undefined);
  await clock.advance(60_000);
  assertEquals([watches.length, watches[0]?.closed, clock.pending], [1, true, 0]);
});
