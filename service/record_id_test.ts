import { ProblemError } from "@flotilla/runtime";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { validate } from "@std/uuid/v7";
import fc from "fast-check";
import { inRange, isRecordId, makeCursor, makeRecordId, rangeEnd, requireRange } from "./record_id.ts";

Deno.test("isRecordId() takes letters, digits and a few marks, up to 200", () => {
  for (const id of ["a", "A9", "user:1", "a.b_c~d@e-f", "x".repeat(200)]) assert(isRecordId(id), id);
  for (const id of ["", "-a", ".", "a/b", "a b", "ä", "a\0", "x".repeat(201)]) assert(!isRecordId(id), id);
});

Deno.test("isRecordId() refuses what names a route", () => {
  for (const id of ["batch", "events", "export", "import"]) assert(!isRecordId(id), id);
});

Deno.test("makeRecordId() makes UUIDs of version 7, which sort by time", () => {
  const [earlier, later] = [makeRecordId(1_000), makeRecordId(2_000)];
  assert(validate(earlier));
  assert(earlier < later);
  assert(isRecordId(earlier));
});

Deno.test("requireRange() goes on behind the id that the cursor names", () => {
  assertEquals(requireRange("", makeCursor("b")), { prefix: "", after: "b" });
  assertEquals(requireRange("user:", makeCursor("user:7")), { prefix: "user:", after: "user:7" });
  assertEquals(requireRange("p", undefined), { prefix: "p", after: "" });
});

Deno.test("requireRange() throws ProblemError 422 for a cursor of another list and for rubbish", () => {
  for (const cursor of ["", "!", "%", makeCursor("other:1"), makeCursor("a/b"), makeCursor("x\0")]) {
    assertEquals(assertThrows(() => requireRange("user:", cursor), ProblemError).status, 422);
  }
  assertThrows(() => requireRange("a b", undefined), ProblemError, "?prefix");
});

const idArbitrary = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._~:@-]{0,8}$/);

Deno.test("inRange() agrees with the order of keys in Deno KV", async () => {
  using kv = await Deno.openKv(":memory:");
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(idArbitrary, { minLength: 1, maxLength: 30 }),
      idArbitrary,
      fc.boolean(),
      async (ids, pivot, usePrefix) => {
        const run = crypto.randomUUID();
        for (const id of ids) await kv.set([run, id], 1);
        const range = usePrefix ? { prefix: pivot.slice(0, 1), after: "" } : { prefix: "", after: pivot };
        const start = range.after === "" ? range.prefix : `${range.after}\0`;
        const listed: unknown[] = [];
        for await (const { key } of kv.list({ start: [run, start], end: [run, rangeEnd(range)] })) {
          listed
            .push(key[1]);
        }
        assertEquals(listed, ids.filter((id) => inRange(id, range)).sort());
      },
    ),
    { numRuns: 50 },
  );
});
