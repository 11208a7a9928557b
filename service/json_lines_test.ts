import { ProblemError } from "@flotilla/runtime";
import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { inBatches, readLines } from "./json_lines.ts";

function inParts(bytes: Uint8Array, sizes: readonly number[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let start = 0;
  for (const size of sizes) {
    parts.push(bytes.slice(start, start + size));
    start += size;
  }
  return ReadableStream.from([...parts, bytes.slice(start)]);
}

const linesOf = (text: string, sizes: readonly number[] = [], maxLength = 100) =>
  Array.fromAsync(readLines(inParts(new TextEncoder().encode(text), sizes), maxLength));

Deno.test("readLines() numbers lines and leaves out empty ones", async () => {
  assertEquals(await linesOf("a\n\n  \r\nb"), [{ number: 1, text: "a" }, { number: 4, text: "b" }]);
  assertEquals(await linesOf("a\n"), [{ number: 1, text: "a" }]);
  assertEquals(await linesOf(""), []);
});

Deno.test("readLines() gives the same lines however the body is cut", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.string({ unit: "grapheme", maxLength: 10 }).map((text) => text.replaceAll("\n", "")), {
      maxLength: 8,
    }),
    fc.array(fc.integer({ min: 0, max: 5 })),
    async (lines, sizes) => {
      const text = lines.join("\n");
      assertEquals(await linesOf(text, sizes), await linesOf(text));
      const given = lines.map((line, index) => ({ number: index + 1, text: line }));
      assertEquals(await linesOf(text), given.filter((line) => line.text.trim() !== ""));
    },
  ));
});

Deno.test("readLines() throws ProblemError 413 for a line that is too long, before it is over", async () => {
  const endless = ReadableStream.from((function* () {
    for (;;) yield new TextEncoder().encode("x".repeat(30));
  })());
  const error = await assertRejects(() => Array.fromAsync(readLines(endless, 100)), ProblemError);
  assertEquals([error.status, error.extensions["line"]], [413, 1]);
  assertEquals((await assertRejects(() => linesOf(`a\n${"x".repeat(101)}\nb`), ProblemError)).status, 413);
});

Deno.test("readLines() throws ProblemError 400 for what is not UTF-8", async () => {
  const broken = ReadableStream.from([new Uint8Array([0x61, 0xff])]);
  assertEquals(
    (await assertRejects(() => Array.fromAsync(readLines(broken, 100)), ProblemError)).status,
    400,
  );
  const cut = ReadableStream.from([new Uint8Array([0xe2, 0x82])]);
  assertEquals((await assertRejects(() => Array.fromAsync(readLines(cut, 100)), ProblemError)).status, 400);
});

Deno.test("inBatches() fills a batch by count or by length", async () => {
  const lines = ["aa", "b", "c", "dddd", "e"].map((text, index) => ({ number: index + 1, text }));
  const batches = await Array.fromAsync(inBatches(ReadableStream.from(lines), { count: 3, length: 4 }));
  assertEquals(batches.map((batch) => batch.map(({ text }) => text).join(" ")), ["aa b c", "dddd", "e"]);
});
