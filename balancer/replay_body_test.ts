import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { AttemptError } from "./failure.ts";
import { ReplayBody } from "./replay_body.ts";

const nothing = () => {};

function pieces(...sizes: number[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(sizes.map((size, index) => new Uint8Array(size).fill(index)));
}

async function read(stream: ReadableStream<Uint8Array<ArrayBuffer>>, limit = Infinity): Promise<number[]> {
  const reader = stream.getReader();
  const bytes: number[] = [];
  for (let i = 0; i < limit; i++) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes.push(...value);
  }
  reader.releaseLock();
  return bytes;
}

Deno.test("ReplayBody gives each attempt the whole body, wherever the one before broke off", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 8 });
  await fc.assert(fc.asyncProperty(sizes, fc.array(fc.nat({ max: 8 })), async (list, breaks) => {
    const body = new ReplayBody(pieces(...list), 1_000);
    for (const after of breaks) await read(body.open(nothing), after);
    assertEquals(await read(body.open(nothing)), list.flatMap((size, index) => Array(size).fill(index)));
  }));
});

Deno.test("ReplayBody reads nothing before it is asked to", () => {
  let pulled = 0;
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({ pull: () => void pulled++ }, {
    highWaterMark: 0,
  });
  new ReplayBody(source, 10).open(nothing);
  assertEquals(pulled, 0);
});

Deno.test("ReplayBody passes on what is too long to keep, and says that it cannot be sent again", async () => {
  const body = new ReplayBody(pieces(4, 4, 4, 4), 10);
  assertEquals((await read(body.open(nothing))).length, 16);
  assertEquals(body.replayable, false);
});

Deno.test("ReplayBody does not lose the piece that an attempt asked for and did not live to see", async () => {
  const source = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const writer = source.writable.getWriter();
  const body = new ReplayBody(source.readable, 10);
  const first = body.open(nothing).getReader();
  const asked = first.read();
  const second = read(body.open(nothing));
  await writer.write(new Uint8Array([7]));
  await writer.close();
  assertEquals([(await asked).done, await second], [true, [7]]);
});

Deno.test("ReplayBody blames the client when the body breaks off", async () => {
  const broken = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.error(new Error("gone")),
  });
  const error = await assertRejects(() => read(new ReplayBody(broken, 10).open(nothing)), AttemptError);
  assertEquals(error.failure.kind, "request_body");
});

Deno.test("ReplayBody.discard() cancels what is left of the source", async () => {
  let cancelled = false;
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({ cancel: () => void (cancelled = true) });
  const body = new ReplayBody(source, 10);
  await body.discard();
  await body.discard();
  assertEquals(cancelled, true);
});
