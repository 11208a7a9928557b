import { assertEquals, assertRejects } from "@std/assert";
import { toBytes } from "@std/streams";
import { FileTooLargeError, FileWriter, readFile } from "./parts.ts";

const options = { id: "t", token: "lease", name: "f", type: "text/plain", retention: 60_000 };

async function open() {
  const kv = await Deno.openKv(":memory:");
  return { kv, [Symbol.dispose]: () => kv.close() };
}

Deno.test("readFile() gives back what FileWriter wrote, whatever the sizes, and any range of it", async () => {
  using lab = await open();
  const { kv } = lab;
  const content = new Uint8Array(400_000).map((_, index) => index * 7);
  const writer = new FileWriter(kv, options);
  for (let start = 0, step = 1; start < content.length; start += step, step = step * 3 % 100_003) {
    await writer.write(content.subarray(start, start + step));
  }
  const file = await writer.close();
  assertEquals([file.size, file.parts], [400_000, 7]);
  assertEquals(await toBytes(readFile(kv, "t", { file })), content);
  for (
    const [start, end] of [[0, 1], [61_439, 61_441], [61_440, 122_880], [399_999, 400_000], [5, 5]] as const
  ) {
    assertEquals(await toBytes(readFile(kv, "t", { file, start, end })), content.slice(start, end));
  }
});

Deno.test("FileWriter.close() tells the SHA-256 of the content", async () => {
  using lab = await open();
  const writer = new FileWriter(lab.kv, options);
  await writer.write("a");
  const { digest } = await writer.close();
  assertEquals(digest, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
});

Deno.test("FileWriter.write() refuses more than the limit", async () => {
  using lab = await open();
  const writer = new FileWriter(lab.kv, { ...options, limit: 10 });
  await writer.write("0123456789");
  await assertRejects(() => writer.write("x"), FileTooLargeError, "10 bytes");
});

Deno.test("FileWriter keeps writes in their order when nobody waits for them", async () => {
  using lab = await open();
  const writer = new FileWriter(lab.kv, options);
  for (let number = 0; number < 200; number++) void writer.write(`${number},`.padStart(1_000));
  const file = await writer.close();
  const text = new TextDecoder().decode(await toBytes(readFile(lab.kv, "t", { file })));
  assertEquals(text.split(",").map(Number).slice(0, 200), Array.from({ length: 200 }, (_, index) => index));
});

Deno.test("FileWriter of a run that lost its lease writes where nobody reads", async () => {
  using lab = await open();
  const { kv } = lab;
  const winner = new FileWriter(kv, options);
  await winner.write("right");
  const file = await winner.close();
  const loser = new FileWriter(kv, { ...options, token: "lost" });
  await loser.write("wrong");
  await loser.close();
  assertEquals(new TextDecoder().decode(await toBytes(readFile(kv, "t", { file }))), "right");
});
