import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { keyId } from "./key_id.ts";
import type { Effect } from "./plan.ts";
import {
  type AppliedWrite,
  checksumOf,
  frameSize,
  HEADER_BYTES,
  readFrames,
  readHeader,
  writeFrames,
  writeHeader,
} from "./redo_frame.ts";

const octets = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => new Uint8Array(bytes));
const named = octets(40).map((key) => ({ key, id: keyId(key) }));
const effect: fc.Arbitrary<Effect> = fc.oneof(
  named.map((name) => ({ type: "remove" as const, ...name })),
  fc.tuple(named, octets(300), fc.integer({ min: 1, max: 3 }), fc.option(fc.nat(Number.MAX_SAFE_INTEGER)))
    .map(
      ([name, value, encoding, expires]) => ({ type: "put" as const, ...name, value, encoding, expires }),
    ),
);
const BASE = 1_767_225_600_000_000;
const writes: fc.Arbitrary<AppliedWrite[]> = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.array(effect, { maxLength: 5 })),
  { maxLength: 8 },
).map((steps) => {
  let version = BASE;
  return steps.map(([step, effects]) => ({ version: version += step, effects }));
});

const ID = crypto.randomUUID();

function logOf(logged: readonly AppliedWrite[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(logged.reduce((sum, write) => sum + frameSize(write), HEADER_BYTES));
  writeHeader(bytes, { id: ID, base: BASE });
  writeFrames(bytes, HEADER_BYTES, logged, checksumOf(bytes));
  return bytes;
}

Deno.test("readFrames() reads what writeFrames() wrote, all of it, at once or later, or what came after a version", () => {
  fc.assert(fc.property(writes, fc.nat(8), (logged, skipped) => {
    const bytes = logOf(logged);
    assertEquals(readHeader(bytes), { id: ID, base: BASE });
    const last = logged.at(-1)?.version ?? BASE;
    const { checksum, ...found } = readFrames(bytes, 0);
    assertEquals(found, { writes: logged, last, end: bytes.length });
    const next = { version: last + 1, effects: [] };
    const longer = new Uint8Array(bytes.length + frameSize(next));
    longer.set(bytes);
    writeFrames(longer, bytes.length, [next], checksum);
    assertEquals(readFrames(longer, 0).writes, [...logged, next]);
    const after = logged[skipped - 1]?.version ?? BASE;
    assertEquals(
      readFrames(bytes, after).writes,
      logged.filter(({ version }) => version > after),
    );
  }));
});

Deno.test("readFrames() reads the whole frames before a cut or a damaged octet, and nothing else", () => {
  fc.assert(fc.property(writes, fc.nat(), fc.integer({ min: 1, max: 255 }), (logged, place, mask) => {
    const bytes = logOf(logged);
    const at = HEADER_BYTES + place % (bytes.length - HEADER_BYTES + 1);
    const whole = logged.filter((_, index) =>
      logged.slice(0, index + 1).reduce((sum, write) => sum + frameSize(write), HEADER_BYTES) <= at
    );
    assertEquals(readFrames(bytes.subarray(0, at), 0).writes, whole);
    if (at === bytes.length) return;
    bytes[at] = (bytes[at] ?? 0) ^ mask;
    assertEquals(readFrames(bytes, 0).writes, whole);
  }));
});

Deno.test("readFrames() takes no frame that is left of an earlier round", () => {
  const put = (version: number): AppliedWrite => ({
    version,
    effects: [{ type: "remove", key: new Uint8Array(4), id: "\0\0\0\0" }],
  });
  const bytes = logOf([1, 2, 3, 4].map((step) => put(BASE + step)));
  writeHeader(bytes, { id: ID, base: BASE });
  assertEquals(readFrames(bytes, 0).writes, []);
  writeFrames(bytes, HEADER_BYTES, [put(BASE + 1)], checksumOf(bytes));
  assertEquals(readFrames(bytes, 0).writes.map(({ version }) => version), [BASE + 1]);
});

Deno.test("readHeader() gives none for octets that are damaged, too few or empty", () => {
  const bytes = logOf([]);
  for (let at = 0; at < HEADER_BYTES; at++) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    assert(readHeader(damaged) === undefined, `octet ${at}`);
  }
  assertEquals([readHeader(bytes.subarray(1)), readHeader(new Uint8Array(HEADER_BYTES))], [
    undefined,
    undefined,
  ]);
});
