import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Flag, FrameHeader, FrameType, HEADER_LENGTH, putHeader } from "./frame.ts";
import { FrameReader } from "./frame_reader.ts";
import { YamuxError } from "./yamux_error.ts";

/** Frames that may stand in a stream of octets, with their content. */
const frame = fc.oneof(
  fc.record({
    type: fc.constant(FrameType.data),
    flags: fc.constantFrom(0, Flag.syn, Flag.ack, Flag.fin, Flag.rst, Flag.ack | Flag.fin),
    streamId: fc.integer({ min: 1, max: 0xffff_ffff }),
    content: fc.uint8Array({ maxLength: 40 }),
  }).map(({ content, ...header }) => ({ ...header, content, length: content.length })),
  fc.record({
    type: fc.constant(FrameType.windowUpdate),
    flags: fc.constantFrom(0, Flag.syn, Flag.fin),
    streamId: fc.integer({ min: 1, max: 0xffff_ffff }),
    length: fc.integer({ min: 0, max: 0xffff_ffff }),
    content: fc.constant(new Uint8Array(0)),
  }),
  fc.record({
    type: fc.constant(FrameType.ping),
    flags: fc.constantFrom(Flag.syn, Flag.ack),
    streamId: fc.constant(0),
    length: fc.integer({ min: 0, max: 0xffff_ffff }),
    content: fc.constant(new Uint8Array(0)),
  }),
  fc.record({
    type: fc.constant(FrameType.goAway),
    flags: fc.constant(0),
    streamId: fc.constant(0),
    length: fc.integer({ min: 0, max: 2 }),
    content: fc.constant(new Uint8Array(0)),
  }),
);

function encode(
  { content, ...header }: { content: Uint8Array } & Parameters<typeof putHeader>[2],
): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + content.length);
  putHeader(bytes, 0, header);
  bytes.set(content, HEADER_LENGTH);
  return bytes;
}

Deno.test("FrameReader finds the frames that were written, however their octets are split", () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 30 })),
      (frames, cuts) => {
        const octets = Uint8Array.from(frames.flatMap((each) => [...encode(each)]));
        const read: unknown[] = [];
        let content: number[] = [];
        const reader = new FrameReader({
          begin: () => content = [],
          content: (bytes, start, end) => content.push(...bytes.subarray(start, end)),
          end: ({ type, flags, streamId, length }) =>
            void read.push({ type, flags, streamId, length, content: Uint8Array.from(content) }),
        });
        const buffer = new Uint8Array(512);
        let kept = 0;
        for (let at = 0, i = 0; at < octets.length; i++) {
          const piece = octets.subarray(at, at + (cuts[i] ?? 400));
          at += piece.length;
          buffer.set(piece, kept);
          const end = kept + piece.length;
          const used = reader.read(buffer, end);
          buffer.copyWithin(0, used, end);
          kept = end - used;
        }
        assertEquals(read, frames);
        assertEquals(kept, 0);
      },
    ),
  );
});

const ILLEGAL: Readonly<Record<string, readonly number[]>> = {
  "another version": [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
  "a type that is not known": [0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
  "a flag that is not known": [0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0],
  "data for the session": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  "a window for the session": [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  "a ping for a stream": [0, 2, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0],
  "a ping that is neither question nor answer": [0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  "a ping that is both": [0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0],
  "a go-away for a stream": [0, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
  "a go-away with flags": [0, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0],
  "a frame that opens and accepts": [0, 1, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0],
};

for (const [title, octets] of Object.entries(ILLEGAL)) {
  Deno.test(`FrameHeader.read() refuses ${title}`, () => {
    const error = assertThrows(() => new FrameHeader().read(Uint8Array.from(octets), 0), YamuxError);
    assertEquals(error.code, "protocol");
  });
}
