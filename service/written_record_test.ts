import { assertEquals, assertStrictEquals } from "@std/assert";
import { encodeValue, type StoredRecord } from "./record.ts";
import { recordWeight, writtenRecord } from "./written_record.ts";

function stored(value: unknown, scope: Partial<StoredRecord> = {}): StoredRecord {
  return {
    json: encodeValue(value),
    version: 7,
    created: 0,
    updated: 1,
    owner: "ann",
    access: "private",
    sharedWith: [],
    ...scope,
  };
}

Deno.test("writtenRecord() has the text that clients see, and its length in UTF-8", () => {
  const { text, bytes, version, expires } = writtenRecord("x", stored("ü字😀", { expires: 5 }));
  assertEquals(JSON.parse(text), {
    id: "x",
    value: "ü字😀",
    version: 7,
    created: "1970-01-01T00:00:00.000Z",
    updated: "1970-01-01T00:00:00.001Z",
    owner: "ann",
    access: "private",
    expires: "1970-01-01T00:00:00.005Z",
  });
  assertEquals([bytes, version, expires], [new TextEncoder().encode(text).length, 7, 5]);
});

Deno.test("writtenRecord() has one copy of the names of an owner, and all of its readers", () => {
  // Names that a database gives are made anew each time.
  const named = (owner: string) => writtenRecord("x", stored(1, { owner, sharedWith: [] }));
  assertStrictEquals(named("bob").sharedWith, named(["b", "ob"].join("")).sharedWith);
  const shared = stored(1, { access: "shared", sharedWith: ["bob", "cy"] });
  assertEquals(writtenRecord("x", shared).sharedWith, ["bob", "cy"]);
});

Deno.test("recordWeight() counts two bytes for each character of a text that needs them", () => {
  const weight = (value: string) => recordWeight(writtenRecord("x", stored(value)));
  assertEquals(weight("aaaaaaaaaa") - weight(""), 10);
  assertEquals(weight("aaaaaaaaa字") > 2 * 10 + weight(""), true);
});
