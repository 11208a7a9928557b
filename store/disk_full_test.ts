import { eventually, ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { MUTATION } from "@flotilla/runtime/kv_connect";
import { canServe, serveStore } from "./testing/served_store.ts";
import { bytes, type StoreClient, testStore } from "./testing/store_client.ts";

const QUOTA = 512 * 1_024;
const LARGE = new Uint8Array(20_000);

const key = (n: number) => bytes(`k${`${n}`.padStart(4, "0")}`);

/** Writes until there is no room, and says how many writes were acknowledged. */
async function fill(client: StoreClient): Promise<number> {
  for (let n = 0;; n++) {
    const write = { mutations: [{ key: key(n), type: MUTATION.set, value: { data: LARGE, encoding: 3 } }] };
    const { status } = await client.refused(write);
    if (status !== 200) return n;
  }
}

async function ready(
  store: { fetch(request: Request): Promise<Response> },
): Promise<{ status: number; text: string }> {
  const response = await store.fetch(new Request("http://store.test/readyz"));
  return { status: response.status, text: await response.text() };
}

Deno.test("A full disk is answered 507 with Retry-After, and everything that was acknowledged stays", async () => {
  await using context = testStore({ quota: QUOTA });
  const written = await fill(context.client);
  assertGreater(written, 10);
  const response = await context.client.refused({
    mutations: [{ key: key(written), type: MUTATION.set, value: { data: LARGE, encoding: 3 } }],
  });
  assertEquals(response, {
    status: 507,
    text: "The database has no room for this write: the disk or the quota is full.",
  });
  for (let n = 0; n < written; n++) {
    assertEquals((await context.client.get(key(n)))?.value.length, LARGE.length);
  }
  assertEquals(await context.client.get(key(written)), undefined);
});

Deno.test("A store whose disk was full takes writes again when something was deleted", async () => {
  await using context = testStore({ quota: QUOTA });
  const written = await fill(context.client);
  for (let n = 0; n < 3; n++) {
    await context.client.write({ mutations: [{ key: key(n), type: MUTATION.delete }] });
  }
  await context.client.set(bytes("again"), LARGE);
  assertEquals((await context.client.get(bytes("again")))?.value.length, LARGE.length);
  const metrics = await (await context.store.fetch(new Request("http://store.test/metrics"))).text();
  assertStringIncludes(metrics, `flotilla_store_rows ${written - 3 + 1}\n`);
  assertStringIncludes(metrics, `flotilla_store_bytes ${(written - 3) * 20_005 + 20_005}\n`);
  assertStringIncludes(metrics, 'flotilla_store_writes_total{result="failed"} 1\n');
});

Deno.test("A write that finds no room does not take those of the same commit with it", async () => {
  await using context = testStore({ quota: QUOTA });
  const written = await fill(context.client);
  await context.client.write({ mutations: [{ key: key(0), type: MUTATION.delete }] });
  const value = { data: LARGE, encoding: 3 };
  const huge = Array.from({ length: 20 }, (_, n) => ({ key: bytes(`huge ${n}`), type: MUTATION.set, value }));
  const [small, refusal, other] = await Promise.all([
    context.client.set(bytes("small"), bytes("x")),
    context.client.refused({ mutations: huge }),
    context.client.set(bytes("other"), bytes("y")),
  ]);
  assertEquals([typeof small, refusal.status, typeof other], ["number", 507, "number"]);
  const [entries] = await context.client.read({
    start: bytes("a"),
    end: bytes("z"),
    limit: 900,
    reverse: false,
  });
  assertEquals(entries?.length, written - 1 + 2);
});

Deno.test("The store says that it is not ready while writes fail, and is again some time after the last one", async () => {
  const clock = new ManualClock();
  await using context = testStore({ quota: QUOTA, clock });
  assertEquals((await ready(context.store)).status, 200);
  await fill(context.client);
  const full = await ready(context.store);
  assertEquals(full.status, 503);
  assertStringIncludes(full.text, "database or disk is full");
  clock.jump(10_001);
  assertEquals((await ready(context.store)).status, 200);
});

Deno.test("A watch does not tell of a write that found no room", async () => {
  const clock = new ManualClock();
  await using context = testStore({ quota: QUOTA, clock });
  const written = await fill(context.client);
  const watch = await context.client.watch(key(written));
  assertEquals(await watch.next(), [undefined]);
  const next = watch.next();
  await context.client.refused({
    mutations: [{ key: key(written), type: MUTATION.set, value: { data: LARGE, encoding: 3 } }],
  });
  await clock.advance(5_000);
  assertEquals(await next, "alive");
  await watch.cancel();
});

Deno.test("Deno's client waits on a full disk, and its write is done once there is room", {
  ignore: !canServe,
}, async () => {
  await using served = serveStore({ quota: QUOTA });
  using kv = await served.open();
  let refused = false;
  const writes: Promise<unknown>[] = [];
  for (let n = 0; !refused && n < 40; n++) {
    const write = kv.set(["large", n], LARGE);
    writes.push(write);
    refused = await Promise.race([write.then(() => false), isFull(served)]);
  }
  assertEquals(refused, true);
  for (let n = 0; n < 3; n++) await kv.delete(["large", n]);
  await Promise.all(writes);
  assertEquals((await kv.get(["large", writes.length - 1])).value, LARGE);
});

function isFull(served: ReturnType<typeof serveStore>): Promise<boolean> {
  return eventually(async () => (await ready(served.store)).status === 503, { timeout: 60_000 });
}
