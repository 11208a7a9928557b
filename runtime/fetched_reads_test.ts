import { assertEquals } from "@std/assert";
import { PROMPT_KEYS, withFetchedReads } from "./fetched_reads.ts";

/** A database that tells which client was asked. */
function twoClients(): { kv: Deno.Kv; asked: string[] } {
  const asked: string[] = [];
  const entry = (key: Deno.KvKey) => ({ key, value: null, versionstamp: null });
  const client = (name: string) => ({
    get(key: Deno.KvKey) {
      asked.push(name);
      return Promise.resolve(entry(key));
    },
    getMany(keys: readonly Deno.KvKey[]) {
      asked.push(name);
      return Promise.resolve(keys.map(entry));
    },
  });
  return { asked, kv: opened(client("deno"), client("fetch")) };
}

type Reads = Parameters<typeof withFetchedReads>[1];

function opened(deno: object, fetching: object): Deno.Kv {
  const own: Deno.Kv = Object.assign(Object.create(null), deno);
  const other: Reads = Object.assign(Object.create(null), fetching);
  return withFetchedReads(own, other);
}

function recordKeys(count: number, id = crypto.randomUUID()): Deno.KvKey[] {
  return Array.from({ length: count }, () => ["data", "record", id]);
}

Deno.test("withFetchedReads() reads PROMPT_KEYS of our keys by Deno's client, and what is too long for it by fetch", async () => {
  const { kv, asked } = twoClients();
  await kv.get(["data", "latest"]);
  await kv.getMany(recordKeys(PROMPT_KEYS));
  assertEquals(asked, ["deno", "deno"]);
  await kv.getMany(recordKeys(10));
  await kv.get(["data", "x".repeat(600)]);
  await kv.getMany([["bytes", new Uint8Array(600)]]);
  assertEquals(asked.slice(2), ["fetch", "fetch", "fetch"]);
});

Deno.test("withFetchedReads() asks Deno's client for what fetch cannot deliver", async () => {
  const refusing = () => Promise.reject(new TypeError("fetch failed"));
  const kv = opened({ get: (key: Deno.KvKey) => Promise.resolve({ key, value: 1, versionstamp: "1" }) }, {
    get: refusing,
  });
  assertEquals((await kv.get(["x".repeat(600)])).value, 1);
});
