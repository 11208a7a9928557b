import { kvAccessToken } from "@flotilla/runtime";
import { eventually, ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createStore } from "./store.ts";
import { canServe, serveStore } from "./testing/served_store.ts";
import { TEST_TOKEN } from "./testing/store_client.ts";
import { watchedExpiry } from "./testing/watched_expiry.ts";

const ignore = !canServe;

/** What the runtime takes: its types let a sum have 64-bit integers only. */
interface NumericAtomic {
  mutate(
    mutation: Deno.KvMutation | { type: "sum"; key: Deno.KvKey; value: number | bigint },
  ): { commit(): Promise<unknown> };
}

Deno.test("Deno's client puts a commit's versionstamp at the end of a key", { ignore }, async () => {
  await using served = serveStore();
  using kv = await served.open();
  const result = await kv.atomic().set(["log", kv.commitVersionstamp()], "line").commit();
  assert(result.ok);
  assertEquals((await kv.get(["log", result.versionstamp])).value, "line");
});

Deno.test("Deno's client adds to numbers and bigints of JavaScript", { ignore }, async () => {
  await using served = serveStore();
  using kv = await served.open();
  const add = (key: string, value: number | bigint) => {
    const operation: NumericAtomic = kv.atomic();
    return operation.mutate({ type: "sum", key: [key], value }).commit();
  };
  await add("bigint", 2n ** 70n);
  await add("bigint", -1n);
  await add("number", 1.5);
  await add("number", 2);
  const [bigint, number] = await kv.getMany([["bigint"], ["number"]]);
  assertEquals([bigint?.value, number?.value], [2n ** 70n - 1n, 3.5]);
});

Deno.test("Deno's client is told at once that its token is wrong", { ignore }, async () => {
  await using served = serveStore({ accessToken: TEST_TOKEN });
  await assertRejects(() => served.open(), Error, "status 401 Unauthorized: Invalid access token.");
});

Deno.test("Deno's client is told what the store refuses", { ignore }, async () => {
  await using served = serveStore();
  using kv = await served.open();
  await kv.set(["text"], "seven");
  const error = await assertRejects(() => kv.atomic().sum(["text"], 1n).commit(), Error, "status=400");
  assert(error instanceof Error);
  assertStringIncludes(error.message, "Failed to perform 'sum' mutation on a non-U64 value in the database");
});

Deno.test("Deno's client sees an expiry through a watch", { ignore }, async () => {
  const clock = new ManualClock(Date.now());
  await using served = serveStore({ clock });
  using kv = await served.open();
  assertEquals(await watchedExpiry(kv, clock), [1, null]);
});

Deno.test("The store lets go of a watch whose client is gone", { ignore }, async () => {
  await using served = serveStore({ keepAlive: 20 });
  const kv = await served.open();
  const reader = kv.watch([["k"]]).getReader();
  await reader.read();
  const watchers = async () => {
    const metrics = await (await fetch(`${served.url}/metrics`)).text();
    return Number(/^flotilla_store_watchers (\d+)$/m.exec(metrics)?.[1]);
  };
  assertEquals(await watchers(), 1);
  await reader.cancel();
  kv.close();
  await eventually(async () => await watchers() === 0, { what: "the watch to be let go of" });
});

Deno.test("Deno's client goes on watching and writing when the store is restarted", { ignore }, async () => {
  const accessToken = kvAccessToken();
  Deno.env.set("DENO_KV_ACCESS_TOKEN", accessToken);
  const first = createStore({ accessToken });
  const listen = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
  const server = Deno.serve(listen, (request) => first.fetch(request));
  const { port } = server.addr;
  using kv = await Deno.openKv(`http://127.0.0.1:${port}`);
  await kv.set(["k"], "before");
  const reader = kv.watch([["k"]]).getReader();
  assertEquals((await reader.read()).value?.[0]?.value, "before");
  first.drain();
  await server.shutdown();
  await first.close();

  await using second = createStore({ accessToken });
  await using _server = Deno.serve({ ...listen, port }, (request) => second.fetch(request));
  assertEquals((await kv.set(["k"], "after")).ok, true);
  let seen: unknown = "before";
  while (seen !== "after") seen = (await reader.read()).value?.[0]?.value;
  await reader.cancel();
});
