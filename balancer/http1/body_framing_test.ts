import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BodyFraming } from "./body_framing.ts";
import { MessageError } from "./message_error.ts";

function octets(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function encode(chunks: readonly string[], trailers: string): string {
  return chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("") +
    `0\r\n${trailers}\r\n`;
}

const chunks = fc.array(
  fc.string({ minLength: 1, maxLength: 40 }).map((text) => text.replace(/[^ -~]/g, "x")),
  { maxLength: 5 },
);
const trailers = fc.constantFrom("", "X-Sum: 1\r\n", "A: b\r\nC:d \r\n");
const cuts = fc.array(fc.nat(250), { maxLength: 8 });

/** Feeds a text in pieces; gives how many octets belong to the body, or the status of its refusal. */
function feed(text: string, at: readonly number[]): number | "refused" | "incomplete" {
  const body = new BodyFraming();
  body.chunked();
  const bytes = octets(text);
  let position = 0;
  try {
    for (const end of [...at.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]) {
      if (end > position) position = body.consume(bytes, position, end);
      if (body.complete) return position;
    }
  } catch (error) {
    if (error instanceof MessageError) return "refused";
    throw error;
  }
  return "incomplete";
}

Deno.test("BodyFraming.consume() finds the end of chunks wherever they are split", () => {
  fc.assert(
    fc.property(chunks, trailers, cuts, (chunks, trailers, cuts) => {
      const text = encode(chunks, trailers);
      assertEquals(feed(`${text}GET / HTTP/1.1`, cuts), text.length);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("BodyFraming.consume() judges damaged chunks the same wherever they are split", () => {
  const damage = fc.tuple(
    fc.nat(120),
    fc.constantFrom("", "\r", "\n", "\0", ";", " ", "g", "0", "\r\n"),
    fc.boolean(),
  );
  fc.assert(
    fc.property(chunks, trailers, damage, cuts, (chunks, trailers, [at, what, replace], cuts) => {
      const text = encode(chunks, trailers);
      const place = Math.min(at, text.length);
      const damaged = text.slice(0, place) + what + text.slice(place + (replace ? 1 : 0));
      assertEquals(feed(damaged, cuts), feed(damaged, []));
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("BodyFraming.dechunk() gives the data", () => {
  fc.assert(fc.property(chunks, trailers, fc.nat(200), (chunks, trailers, cut) => {
    const body = new BodyFraming();
    body.chunked();
    const bytes = octets(encode(chunks, trailers));
    const middle = Math.min(cut, bytes.length);
    const first = body.dechunk(bytes, 0, middle);
    const text = new TextDecoder().decode(first.data) +
      new TextDecoder().decode(body.dechunk(bytes, middle, bytes.length).data);
    assertEquals(text, chunks.join(""));
    assert(body.complete);
  }));
});

Deno.test("BodyFraming.consume() takes a body of known length and no more", () => {
  const body = new BodyFraming();
  body.length(5);
  assertEquals(body.consume(new Uint8Array(3), 0, 3), 3);
  assertEquals(body.remaining, 2);
  assertEquals(body.consume(new Uint8Array(9), 1, 9), 3);
  assert(body.complete);
});

Deno.test("BodyFraming.ended() tells a whole body from one that broke off", () => {
  const body = new BodyFraming();
  body.length(5);
  assert(!body.ended());
  body.chunked();
  assert(!body.ended());
  body.untilClose();
  assertEquals(body.consume(new Uint8Array(3), 0, 3), 3);
  assert(!body.complete);
  assert(body.ended());
  body.none();
  assert(body.ended());
});

Deno.test("BodyFraming.consume() refuses trailers that are too long", () => {
  const body = new BodyFraming();
  body.chunked();
  const bytes = octets(`0\r\n${"X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(300)}\r\n`);
  assertThrows(() => body.consume(bytes, 0, bytes.length), MessageError, "trailers are too long");
});
