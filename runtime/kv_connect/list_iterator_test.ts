import { assertEquals } from "@std/assert";
import { encodeKey } from "./key_codec.ts";
import { entriesOf, ListIterator, type ReadPage } from "./list_iterator.ts";

/** Keys `["k", 0]` to `["k", count - 1]`, and how often a page of them is read. */
function numbered(count: number) {
  const counted = { reads: 0 };
  const all = Array.from({ length: count }, (_, number) => ({
    key: ["k", number],
    value: number,
    versionstamp: "00000000000000000001",
  }));
  const readPage: ReadPage<number> = ({ first, limit }) => {
    counted.reads++;
    const rest = all.filter(({ key }) => encodeKey(key).toHex() >= first.toHex());
    return Promise.resolve(rest.slice(0, limit));
  };
  const list = (options: Deno.KvListOptions) =>
    new ListIterator<number>({ prefix: ["k"] }, options, readPage);
  return { counted, list };
}

for (
  const [options, expected, reads] of [
    [{}, 25, 1],
    [{ batchSize: 10 }, 25, 3],
    [{ batchSize: 10, limit: 12 }, 12, 2],
    [{ limit: 25 }, 25, 1],
  ] as const
) {
  Deno.test(`entriesOf() gives all that a list does with ${JSON.stringify(options)}`, async () => {
    const { list, counted } = numbered(25);
    const entries = await entriesOf(list(options));
    assertEquals(entries.map(({ value }) => value), Array.from({ length: expected }, (_, number) => number));
    assertEquals(counted.reads, reads);
    assertEquals(entries, await Array.fromAsync(list(options)));
  });
}

Deno.test("ListIterator.takeAtHand() leaves the cursor behind what it gave out", async () => {
  const { list } = numbered(25);
  const first = list({ batchSize: 10 });
  await first.next();
  assertEquals(first.takeAtHand().length, 9);
  const [next] = await Array.fromAsync(list({ cursor: first.cursor, limit: 1 }));
  assertEquals(next?.value, 10);
});
