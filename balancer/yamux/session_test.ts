import { eventually, ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import type { Connection } from "../http1/connection.ts";
import { Deadlines } from "../http1/deadlines.ts";
import { type MemoryConnection, memoryPair } from "../http1/testing/memory_connection.ts";
import { type Frame, FrameType, HEADER_LENGTH, INITIAL_WINDOW, putHeader } from "./frame.ts";
import { Session } from "./session.ts";
import type { SessionOptions } from "./session_options.ts";
import type { YamuxStream } from "./stream.ts";
import { YamuxError, type YamuxErrorCode } from "./yamux_error.ts";

/** A client's and a server's session over a connection in memory. */
class Ends {
  readonly clock = new ManualClock();
  readonly deadlines = new Deadlines({ clock: this.clock });
  readonly client: Session;
  readonly server: Session;
  readonly connections: readonly [MemoryConnection, MemoryConnection];
  readonly accepted: YamuxStream[] = [];

  constructor(options: Partial<SessionOptions> & { capacity?: number } = {}) {
    const { capacity, ...both } = options;
    this.connections = memoryPair(capacity);
    const [near, far] = this.connections;
    this.client = new Session(near, { side: "client", deadlines: this.deadlines, ...both });
    this.server = new Session(far, {
      side: "server",
      deadlines: this.deadlines,
      onStream: (stream) => this.accepted.push(stream) > 0,
      ...both,
    });
  }

  /** A stream's two ends. */
  async stream(): Promise<[YamuxStream, YamuxStream]> {
    const near = this.client.open();
    assert(near !== undefined);
    const far = await eventually(() => this.accepted.find(({ id }) => id === near.id));
    return [near, far];
  }
}

async function writeAll(connection: Connection, octets: Uint8Array): Promise<void> {
  for (let at = 0; at < octets.length;) at += await connection.write(octets.subarray(at));
}

async function readAll(connection: Connection, size = 1_000): Promise<Uint8Array> {
  const all: number[] = [];
  const buffer = new Uint8Array(size);
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return Uint8Array.from(all);
    for (const octet of buffer.subarray(0, count)) all.push(octet);
  }
}

async function failureCode(attempt: Promise<unknown>): Promise<YamuxErrorCode> {
  return (await assertRejects(() => attempt, YamuxError)).code;
}

Deno.test("Session carries what each stream says, in its order, whatever the others do", async () => {
  const talk = fc.record({
    there: fc.integer({ min: 0, max: 80_000 }),
    back: fc.integer({ min: 0, max: 80_000 }),
    reads: fc.integer({ min: 500, max: 9_000 }),
  });
  const property = fc.asyncProperty(
    fc.array(talk, { minLength: 1, maxLength: 6 }),
    fc.integer({ min: 13, max: 70_000 }),
    async (talks, capacity) => {
      const ends = new Ends({ capacity });
      await Promise.all(talks.map(async ({ there, back, reads }, number) => {
        const [near, far] = await ends.stream();
        const question = new Uint8Array(there).map((_, at) => at * 7 + number);
        const answer = new Uint8Array(back).map((_, at) => at * 5 + number);
        const say = async (connection: Connection, octets: Uint8Array) => {
          await writeAll(connection, octets);
          await connection.closeWrite();
        };
        const [heard, got] = await Promise.all([
          readAll(far, reads),
          readAll(near, reads),
          say(near, question),
          say(far, answer),
        ]);
        assertEquals([heard, got], [question, answer]);
      }));
      assertEquals([ends.client.size, ends.server.size], [0, 0]);
      ends.client.close();
      await ends.server.closed;
    },
  );
  await fc.assert(property, { numRuns: 20 });
});

Deno.test("Session writes once what was said in one turn, and reads it at once", async () => {
  const ends = new Ends();
  const streams = await Promise.all(Array.from({ length: 10 }, () => ends.stream()));
  const [near, far] = ends.connections;
  let [writes, reads] = [0, 0];
  const { write } = near;
  near.write = (octets) => {
    writes++;
    return write.call(near, octets);
  };
  const { read } = far;
  far.read = (into) => {
    reads++;
    return read.call(far, into);
  };
  const heard = streams.map(([, server]) => server.read(new Uint8Array(10)));
  for (const [client] of streams) void client.write(new Uint8Array(3));
  assertEquals(await Promise.all(heard), streams.map(() => 3));
  assertEquals([writes, reads], [1, 1]);
});

Deno.test("Session makes a writer wait for a reader, and no other stream", async () => {
  const ends = new Ends();
  const [slow, slowFar] = await ends.stream();
  const [quick, quickFar] = await ends.stream();
  let written = 0;
  const writing = (async () => {
    while (written < 2 * INITIAL_WINDOW) written += await slow.write(new Uint8Array(10_000));
  })();
  await eventually(() => written >= INITIAL_WINDOW);
  const buffer = new Uint8Array(60_000);
  await quick.write(new Uint8Array(5_000));
  assertEquals(await quickFar.read(buffer), 5_000);
  assertEquals(written, INITIAL_WINDOW);
  for (let read = 0; read < written || written < 2 * INITIAL_WINDOW;) read += await slowFar.read(buffer) ?? 0;
  await writing;
});

Deno.test("YamuxStream.closeWrite() ends one direction alone", async () => {
  const ends = new Ends();
  const [near, far] = await ends.stream();
  await near.closeWrite();
  assertEquals(await far.read(new Uint8Array(1)), null);
  await writeAll(far, new Uint8Array(5));
  assertEquals(await near.read(new Uint8Array(9)), 5);
  assertEquals(await failureCode(near.write(new Uint8Array(1))), "closed");
  far.close();
  assertEquals(await near.read(new Uint8Array(9)), null);
  assertEquals([ends.client.size, ends.server.size], [0, 0]);
});

Deno.test("YamuxStream.close() ends the other side's reading, and resets what it says afterwards", async () => {
  const ends = new Ends();
  const [near, far] = await ends.stream();
  const reading = near.read(new Uint8Array(1));
  near.close();
  assertEquals(await failureCode(reading), "closed");
  assertEquals(await far.read(new Uint8Array(1)), null);
  await far.write(new Uint8Array(1));
  await eventually(() => ends.server.size === 0);
  assertEquals(await failureCode(far.write(new Uint8Array(1))), "reset");
  assertEquals(ends.client.size, 0);
});

Deno.test("YamuxStream.close() resets when octets were not read; those that came before are still given", async () => {
  const ends = new Ends();
  const [near, far] = await ends.stream();
  await far.write(new Uint8Array(4));
  await near.write(new Uint8Array(3));
  assertEquals(await near.read(new Uint8Array(1)), 1);
  near.close();
  await eventually(() => ends.server.size === 0);
  assertEquals(await far.read(new Uint8Array(9)), 3);
  assertEquals(await failureCode(far.read(new Uint8Array(9))), "reset");
});

Deno.test("Session fails its streams when the connection breaks, after what they have received", async () => {
  const ends = new Ends();
  const [near, far] = await ends.stream();
  const [, waiting] = await ends.stream();
  await near.write(new Uint8Array(3));
  const reading = waiting.read(new Uint8Array(1));
  await ends.clock.advance(0);
  ends.connections[0].close();
  assertEquals(await failureCode(reading), "reset");
  await Promise.all([ends.server.closed, ends.client.closed]);
  assertEquals(await far.read(new Uint8Array(9)), 3);
  assertEquals(await failureCode(far.read(new Uint8Array(9))), "reset");
  assertEquals(await failureCode(near.write(new Uint8Array(9))), "reset");
  assertEquals(ends.client.open(), undefined);
});

Deno.test("Session refuses streams beyond its limit, and opens none beyond its own", async () => {
  const ends = new Ends({ maxStreams: 2 });
  await ends.stream();
  await ends.stream();
  assertEquals(ends.client.open(), undefined);
  const full = new Ends({ onStream: () => false });
  const refused = full.client.open();
  assertEquals(await failureCode(refused?.read(new Uint8Array(1)) ?? Promise.resolve()), "reset");
});

Deno.test("Session.leave() lets streams end, opens none, and then closes the connection", async () => {
  const ends = new Ends();
  const [near, far] = await ends.stream();
  // It was opened before the other side had heard that we go.
  ends.server.leave();
  const late = ends.client.open();
  await eventually(() => ends.client.state === "leaving");
  assertEquals(ends.client.open(), undefined);
  await eventually(() => ends.accepted.length === 2);
  await near.write(new Uint8Array(2));
  assertEquals(await far.read(new Uint8Array(9)), 2);
  far.close();
  near.close();
  late?.close();
  ends.accepted[1]?.close();
  await Promise.all([ends.client.closed, ends.server.closed]);
});

Deno.test("Session asks a silent peer whether it lives, and gives it up when no answer comes", async () => {
  const clock = new ManualClock();
  const [near, far] = memoryPair();
  const session = new Session(near, { side: "client", deadlines: new Deadlines({ clock }) });
  const stream = session.open();
  const heard = new Uint8Array(100);
  assertEquals(await far.read(heard), HEADER_LENGTH);
  await clock.advance(10_200);
  assertEquals(await far.read(heard), HEADER_LENGTH);
  assertEquals(heard[1], FrameType.ping);
  await clock.advance(10_200);
  await session.closed;
  assertEquals(await failureCode(stream?.read(heard) ?? Promise.resolve()), "timeout");
});

Deno.test("Session keeps a peer that answers, and a client's closes when it has no stream for long", async () => {
  const ends = new Ends();
  const [near] = await ends.stream();
  for (let i = 0; i < 20; i++) await ends.clock.advance(10_000);
  assertEquals([ends.client.state, ends.server.state], ["open", "open"]);
  near.close();
  ends.accepted[0]?.close();
  await ends.clock.advance(80_000);
  assertEquals([ends.client.state, ends.server.state], ["closed", "closed"]);
});

/** What a client must not send. */
const BREACHES: Readonly<Record<string, readonly (Partial<Frame> & { content?: number })[]>> = {
  "octets that are no frame": [{ type: 7 as 0, streamId: 1 }],
  "data for a stream that was never opened": [{ streamId: 1, length: 0 }],
  "data for a stream of ours that was never opened": [{ streamId: 2, length: 0 }],
  "a stream with a server's number": [{ flags: 1, streamId: 2, length: 0 }],
  "a stream with a number used before": [{ flags: 1, streamId: 3 }, { flags: 1, streamId: 3 }],
  "a stream with a number below the last": [{ flags: 1, streamId: 3 }, { flags: 1, streamId: 1 }],
  "a frame larger than any window": [{ flags: 1, streamId: 1 }, { streamId: 1, length: INITIAL_WINDOW + 1 }],
  "more than the window": [
    { flags: 1, streamId: 1 },
    { streamId: 1, length: INITIAL_WINDOW - 5, content: INITIAL_WINDOW - 5 },
    { streamId: 1, length: 6 },
  ],
  "data after the end": [{ flags: 1 | 4, streamId: 1 }, { streamId: 1, length: 1 }],
  "a window beyond 32 bits": [{ flags: 1, streamId: 1 }, { type: 1, streamId: 1, length: 0xffff_ffff }],
  "an answer to no ping": [{ type: 2, flags: 2, length: 1 }],
};

for (const [title, frames] of Object.entries(BREACHES)) {
  Deno.test(`Session ends with a go-away when it is sent ${title}`, async () => {
    const [near, far] = memoryPair(1_000_000);
    const streams: YamuxStream[] = [];
    const session = new Session(near, {
      side: "server",
      deadlines: new Deadlines({ clock: new ManualClock() }),
      onStream: (stream) => streams.push(stream) > 0,
    });
    for (const { content = 0, type = 0, flags = 0, streamId = 0, length = 0 } of frames) {
      const octets = new Uint8Array(HEADER_LENGTH + content);
      putHeader(octets, 0, { type, flags, streamId, length });
      await writeAll(far, octets);
    }
    await session.closed;
    const heard = await readAll(far);
    assertEquals([...heard.subarray(-HEADER_LENGTH)], [0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    const buffer = new Uint8Array(INITIAL_WINDOW);
    for (const stream of streams) {
      while ((await stream.read(buffer).catch(() => null)) !== null);
      assertEquals(await failureCode(stream.write(buffer)), "protocol");
    }
  });
}

Deno.test("Session gives a peer up that asks and does not listen", async () => {
  const [near, far] = memoryPair(1_000);
  const deadlines = new Deadlines({ clock: new ManualClock() });
  const session = new Session(near, { side: "server", deadlines });
  const ping = new Uint8Array(HEADER_LENGTH);
  putHeader(ping, 0, { type: FrameType.ping, flags: 1, streamId: 0, length: 1 });
  const pings = new Uint8Array(100 * HEADER_LENGTH).map((_, at) => ping[at % HEADER_LENGTH] ?? 0);
  await assertRejects(async () => {
    for (;;) await writeAll(far, pings);
  });
  await session.closed;
});

Deno.test("Session fails its streams when the connection ends within a frame", async () => {
  const ends = new Ends();
  const [, far] = await ends.stream();
  const header = new Uint8Array(HEADER_LENGTH);
  putHeader(header, 0, { type: FrameType.data, flags: 0, streamId: 1, length: 100 });
  await writeAll(ends.connections[0], header);
  await writeAll(ends.connections[0], new Uint8Array(40));
  assertEquals(await far.read(new Uint8Array(100)), 40);
  const reading = far.read(new Uint8Array(100));
  await ends.connections[0].closeWrite();
  assertEquals(await failureCode(reading), "reset");
});
