import { assertEquals } from "@std/assert";
import { AUDIT_KEY, MOST_ENTRIES, readAudit, recordAudit } from "./audit_log.ts";

async function entriesOf(kv: Deno.Kv) {
  return readAudit((await kv.get(AUDIT_KEY)).value);
}

Deno.test("recordAudit() keeps the newest first, and no more than it may", async () => {
  using kv = await Deno.openKv(":memory:");
  for (let number = 0; number < MOST_ENTRIES + 5; number++) {
    await recordAudit(kv, { by: "admin", what: `drain service_${number}` }, number);
  }
  const entries = await entriesOf(kv);
  assertEquals(entries.length, MOST_ENTRIES);
  assertEquals([entries[0]?.what, entries[0]?.at], ["drain service_104", "1970-01-01T00:00:00.104Z"]);
});

Deno.test("recordAudit() keeps all of what several write at once", async () => {
  using kv = await Deno.openKv(":memory:");
  await Promise.all(
    ["one", "two", "three"].map((what) => recordAudit(kv, { by: "admin", what, failure: "x".repeat(999) })),
  );
  const entries = await entriesOf(kv);
  assertEquals(entries.map(({ what }) => what).toSorted(), ["one", "three", "two"]);
  assertEquals(entries[0]?.failure?.length, 160);
});

Deno.test("recordAudit() keeps as many of the longest entries as a value may hold", async () => {
  using kv = await Deno.openKv(":memory:");
  const long = "ü".repeat(200);
  for (let number = 0; number <= MOST_ENTRIES; number++) {
    await recordAudit(kv, { by: long, what: long, failure: long });
  }
  assertEquals((await entriesOf(kv)).length, MOST_ENTRIES);
});

Deno.test("readAudit() takes what is no audit log for an empty one", () => {
  assertEquals([readAudit(null), readAudit("text"), readAudit([{ by: 1 }])], [[], [], []]);
});
