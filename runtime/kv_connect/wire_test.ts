import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MessageBuilder } from "./testdata/message_builder.ts";
import { bytesFieldSize, varintSize, WireError, WireReader, WireWriter } from "./wire.ts";

Deno.test("WireReader reads every integer of 32 bits as it was written", () => {
  fc.assert(fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }), (value) => {
    const read = () => {
      const reader = new WireReader(new MessageBuilder().varint(1, value).build());
      return { reader, tag: reader.tag() };
    };
    const unsigned = read();
    assertEquals(unsigned.reader.uint32(unsigned.tag), value >>> 0);
    const signed = read();
    assertEquals(signed.reader.int32(signed.tag), value | 0);
    assertEquals(signed.reader.tag(), 0);
  }));
});

Deno.test("WireReader.int64() reads every safe integer as it was written", () => {
  fc.assert(fc.property(fc.maxSafeInteger(), (value) => {
    const reader = new WireReader(new MessageBuilder().varint(1, value).build());
    assertEquals(reader.int64(reader.tag()), value);
  }));
});

Deno.test("WireReader.bool() sees a bit above the lower 32", () => {
  const reader = new WireReader(new MessageBuilder().varint(1, 1n << 40n).build());
  assertEquals(reader.bool(reader.tag()), true);
});

Deno.test("WireReader.bytes() gives a view of the input", () => {
  const message = new MessageBuilder().bytes(3, new Uint8Array([7, 8, 9])).build();
  const reader = new WireReader(message);
  const field = reader.bytes(reader.tag());
  assertEquals(field, new Uint8Array([7, 8, 9]));
  assertEquals(field.buffer, message.buffer);
});

Deno.test("WireReader.skip() passes over every wire type", () => {
  const fixed64 = [5 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8];
  const fixed32 = [5 << 3 | 5, 1, 2, 3, 4];
  const bytes = [5 << 3 | 2, 2, 1, 2];
  const varint = [5 << 3, 0xff, 0xff, 0x01];
  const reader = new WireReader(new Uint8Array([...fixed64, ...fixed32, ...bytes, ...varint, 1 << 3, 42]));
  for (let skipped = 0; skipped < 4; skipped++) reader.skip(reader.tag());
  assertEquals(reader.uint32(reader.tag()), 42);
});

for (
  const [criterion, message] of Object.entries({
    "a varint that is cut off": [1 << 3, 0x80],
    "a varint of more than ten bytes": [1 << 3, ...Array(10).fill(0xff), 1],
    "a varint of more than 64 bits": [1 << 3, ...Array(9).fill(0xff), 2],
    "a length beyond the message": [1 << 3 | 2, 5, 1, 2],
    "a length of more than 32 bits": [1 << 3 | 2, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
    "a group": [1 << 3 | 3],
    "a field with the number 0": [0],
    "a field number of more than 29 bits": [0x80, 0x80, 0x80, 0x80, 0x20, 0],
    "a fixed field that is cut off": [1 << 3 | 1, 1, 2, 3],
  })
) {
  Deno.test(`WireReader refuses ${criterion}`, () => {
    assertThrows(() => {
      const reader = new WireReader(new Uint8Array(message));
      for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) reader.skip(tag);
    }, WireError);
  });
}

Deno.test("WireReader refuses a field of another wire type than is asked for", () => {
  const reader = new WireReader(new MessageBuilder().varint(1, 1).build());
  const tag = reader.tag();
  assertThrows(() => reader.bytes(tag), WireError, "wrong wire type");
});

Deno.test("WireWriter writes what WireReader reads, in the size that was told", () => {
  fc.assert(fc.property(fc.nat(), fc.uint8Array({ maxLength: 300 }), (value, bytes) => {
    const size = 1 + varintSize(value) + bytesFieldSize(bytes.length);
    const writer = new WireWriter(size);
    writer.varint(1, value);
    writer.bytesField(2, bytes);
    const reader = new WireReader(writer.bytes);
    assertEquals(reader.uint32(reader.tag()), value);
    assertEquals(reader.bytes(reader.tag()), new Uint8Array(bytes));
    assertEquals(reader.tag(), 0);
  }));
});
