import { WireError } from "@flotilla/runtime/kv_connect";
import { MessageBuilder } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decodeAtomicWrite,
  decodeSnapshotRead,
  decodeWatch,
  encodeCheckFailure,
  encodeSnapshotReadOutput,
  encodeWatchFrame,
  encodeWriteSuccess,
  type Entry,
} from "./datapath.ts";
import {
  decodeSnapshotReadOutput,
  decodeWatchOutput,
  decodeWriteOutput,
  encodeAtomicWrite,
  encodeSnapshotRead,
  encodeWatch,
} from "./testing/datapath_client.ts";

const blob = fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes));
const entry: fc.Arbitrary<Entry> = fc.record({
  key: blob,
  value: blob,
  encoding: fc.integer({ min: 1, max: 3 }),
  version: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  expires: fc.constant(null),
});

Deno.test("decodeSnapshotRead() reads what a client wrote", () => {
  const range = fc.record({ start: blob, end: blob, limit: fc.integer(), reverse: fc.boolean() });
  fc.assert(fc.property(fc.array(range, { maxLength: 10 }), (ranges) => {
    assertEquals(decodeSnapshotRead(encodeSnapshotRead(ranges)), ranges);
  }));
});

Deno.test("decodeAtomicWrite() reads what a client wrote", () => {
  const mutation = fc.record({
    key: blob,
    value: fc.option(fc.record({ data: blob, encoding: fc.integer({ min: 0, max: 9 }) }), { nil: undefined }),
    type: fc.integer({ min: 0, max: 9 }),
    expireAt: fc.maxSafeInteger(),
    sumMin: blob,
    sumMax: blob,
    sumClamp: fc.boolean(),
  });
  const check = fc.record({ key: blob, versionstamp: blob });
  const write = fc.record({
    checks: fc.array(check, { maxLength: 5 }),
    mutations: fc.array(mutation, { maxLength: 5 }),
    enqueues: fc.nat(2),
  });
  fc.assert(fc.property(write, (sent) => {
    assertEquals(decodeAtomicWrite(encodeAtomicWrite(sent)), sent);
  }));
});

Deno.test("decodeAtomicWrite() merges a value that comes in two parts", () => {
  const mutation = new MessageBuilder()
    .bytes(2, new MessageBuilder().bytes(1, new Uint8Array([1])).varint(2, 1).build())
    .bytes(2, new MessageBuilder().varint(2, 3).build());
  const [read] = decodeAtomicWrite(new MessageBuilder().bytes(2, mutation.build()).build()).mutations;
  assertEquals(read?.value, { data: new Uint8Array([1]), encoding: 3 });
});

Deno.test("decodeWatch() reads what a client wrote, and passes over what it does not know", () => {
  fc.assert(fc.property(fc.array(blob, { maxLength: 10 }), (keys) => {
    const message = encodeWatch(keys);
    const unknown = new MessageBuilder().varint(9, 1).bytes(12, new Uint8Array(3)).build();
    assertEquals(decodeWatch(new Uint8Array([...unknown, ...message])), keys);
  }));
});

Deno.test("encodeSnapshotReadOutput() writes what a client reads", () => {
  fc.assert(fc.property(fc.array(fc.array(entry, { maxLength: 4 }), { maxLength: 4 }), (ranges) => {
    assertEquals(decodeSnapshotReadOutput(encodeSnapshotReadOutput(ranges)), ranges);
  }));
});

Deno.test("encodeWriteSuccess() writes what a client reads", () => {
  assertEquals(decodeWriteOutput(encodeWriteSuccess(2 ** 40 + 5)), {
    status: 1,
    version: 2 ** 40 + 5,
    failedChecks: [],
  });
});

Deno.test("encodeCheckFailure() writes what a client reads", () => {
  assertEquals(decodeWriteOutput(encodeCheckFailure([0, 7, 99])), {
    status: 2,
    version: undefined,
    failedChecks: [0, 7, 99],
  });
});

Deno.test("encodeWatchFrame() writes the message's length and the message", () => {
  fc.assert(fc.property(fc.array(fc.option(entry, { nil: undefined }), { maxLength: 10 }), (entries) => {
    const frame = encodeWatchFrame(entries);
    assertEquals(new DataView(frame.buffer).getUint32(0, true), frame.length - 4);
    assertEquals(decodeWatchOutput(frame.subarray(4)), entries);
  }));
});

for (const decode of [decodeSnapshotRead, decodeAtomicWrite, decodeWatch]) {
  Deno.test(`${decode.name}() takes any bytes or throws a WireError`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          decode(new Uint8Array(bytes));
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });
}

Deno.test("decodeAtomicWrite() takes any damaged message or throws a WireError", () => {
  const intact = encodeAtomicWrite({
    checks: [{ key: new Uint8Array(5), versionstamp: new Uint8Array(10) }],
    mutations: [{
      key: new Uint8Array(3),
      value: { data: new Uint8Array(8), encoding: 2 },
      type: 3,
      expireAt: 1e12,
    }],
    enqueues: 1,
  });
  fc.assert(
    fc.property(fc.nat(intact.length - 1), fc.nat(255), fc.nat(intact.length), (at, byte, end) => {
      const damaged = intact.slice();
      damaged[at] = byte;
      try {
        decodeAtomicWrite(damaged.subarray(0, end));
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
      }
    }),
    { numRuns: 2_000 },
  );
});
