import { assertEquals, assertRejects } from "@std/assert";
import type { ReadRange } from "./datapath.ts";
import { KvRefusedError, KvUnavailableError } from "./kv_errors.ts";
import type { WireEntry } from "./messages.ts";
import { ReadBatch } from "./read_batch.ts";

const range = (name: string, limit = 1): ReadRange => {
  const start = new TextEncoder().encode(name);
  return { start, end: start, limit, reverse: false };
};

const nameOf = ({ start }: ReadRange) => new TextDecoder().decode(start);

function entry({ start }: ReadRange): WireEntry {
  return { key: start, data: start, encoding: 3, versionstamp: new Uint8Array(10) };
}

/** A server that answers when it is told to. */
function heldServer() {
  const requests: { names: string[]; parent: string | undefined; answer: (error?: Error) => void }[] = [];
  const batch = new ReadBatch((ranges, parent) => {
    const { promise, resolve, reject } = Promise.withResolvers<WireEntry[][]>();
    const answer = (error?: Error) => error ? reject(error) : resolve(ranges.map((range) => [entry(range)]));
    requests.push({ names: ranges.map(nameOf), parent, answer });
    return promise;
  });
  return { batch, requests, read: (name: string, parent?: string) => batch.read([range(name)], parent) };
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

Deno.test("ReadBatch reads in one request what is asked for in one turn, ten ranges at most", async () => {
  const { requests, read } = heldServer();
  const reads = Array.from({ length: 12 }, (_, n) => read(`${n}`));
  await settled();
  assertEquals(requests.map(({ names }) => names.length), [10, 2]);
  for (const { answer } of requests) answer();
  const found = await Promise.all(reads);
  assertEquals(
    found.map(([entries]) => new TextDecoder().decode(entries?.[0]?.key)),
    [...Array(12).keys()].map(String),
  );
});

Deno.test("ReadBatch gathers while four requests are under way, and splits no call", async () => {
  const { batch, requests, read } = heldServer();
  const reads: Promise<unknown>[] = [];
  for (let n = 0; n < 4; n++) {
    reads.push(read(`first ${n}`));
    await settled();
  }
  reads.push(batch.read(Array.from({ length: 8 }, (_, n) => range(`eight ${n}`)), undefined));
  reads.push(batch.read(Array.from({ length: 3 }, (_, n) => range(`three ${n}`)), undefined));
  await settled();
  assertEquals(requests.length, 4);
  requests[0]?.answer();
  requests[1]?.answer();
  await settled();
  assertEquals(requests.slice(4).map(({ names }) => names.length), [8, 3]);
  for (const { answer } of requests) answer();
  await Promise.all(reads);
});

Deno.test("ReadBatch asks for no more entries in one request than a server gives", async () => {
  const { batch, requests } = heldServer();
  const reads = [batch.read([range("a", 600)], undefined), batch.read([range("b", 401)], undefined)];
  await settled();
  assertEquals(requests.map(({ names }) => names), [["a"], ["b"]]);
  for (const { answer } of requests) answer();
  await Promise.all(reads);
});

Deno.test("ReadBatch does not put reads of different traces together", async () => {
  const { requests, read } = heldServer();
  const reads = [read("a", "one"), read("b", "one"), read("c"), read("d", "other")];
  await settled();
  assertEquals(requests.map(({ names, parent }) => [names, parent]), [
    [["a", "b"], "one"],
    [["c"], undefined],
    [["d"], "other"],
  ]);
  for (const { answer } of requests) answer();
  await Promise.all(reads);
});

Deno.test("ReadBatch asks again for each call by itself when all together were refused", async () => {
  const { requests, read } = heldServer();
  const reads = [read("good"), read("bad")];
  await settled();
  const refusal = new KvRefusedError(400, "bad key");
  requests[0]?.answer(refusal);
  await settled();
  assertEquals(requests.slice(1).map(({ names }) => names), [["good"], ["bad"]]);
  requests[1]?.answer();
  requests[2]?.answer(refusal);
  assertEquals((await reads[0])?.length, 1);
  await assertRejects(() => reads[1] ?? Promise.resolve(), KvRefusedError);
});

Deno.test("ReadBatch lets nobody wait longer for a server that is away", async () => {
  const { requests, read } = heldServer();
  const reads: Promise<unknown>[] = [];
  for (let n = 0; n < 5; n++) {
    reads.push(read(`${n}`));
    await settled();
  }
  assertEquals(requests.length, 4);
  for (const { answer } of requests) answer(new KvUnavailableError("away"));
  for (const read of reads) await assertRejects(() => read, KvUnavailableError);
  assertEquals(requests.length, 4);
});
