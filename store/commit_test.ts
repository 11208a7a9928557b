import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { MUTATION } from "@flotilla/runtime/kv_connect";
import { bytes, testStore } from "./testing/store_client.ts";

const absent = new Uint8Array();
const le64 = (value: number) => ({ data: new Uint8Array([value, 0, 0, 0, 0, 0, 0, 0]), encoding: 2 });
const text = (value: string) => ({ data: bytes(value), encoding: 3 });
const set = (key: string, value: string) => ({ key: bytes(key), type: MUTATION.set, value: text(value) });

async function measures(
  store: { fetch(request: Request): Promise<Response> },
): Promise<(name: string) => number> {
  const metrics = await (await store.fetch(new Request("http://store.test/metrics"))).text();
  return (name) => Number(new RegExp(`^${name} ([\\d.e-]+)$`, "m").exec(metrics)?.[1]);
}

Deno.test("Writes that arrive together share a commit, each under a version of its own", async () => {
  await using context = testStore();
  await context.client.databaseId();
  const versions = await Promise.all(
    Array.from({ length: 200 }, (_, n) => context.client.set(bytes(`k${n}`), bytes(`${n}`))),
  );
  assertEquals(new Set(versions).size, 200);
  const measure = await measures(context.store);
  assertEquals(measure("flotilla_store_commit_writes_sum"), 200);
  assertLess(measure("flotilla_store_commit_writes_count"), 50);
  for (const [n, version] of versions.entries()) {
    assertEquals((await context.client.get(bytes(`k${n}`)))?.version, version);
  }
});

Deno.test("Versions grow from one commit to the next", async () => {
  await using context = testStore();
  let last = 0;
  for (let round = 0; round < 20; round++) {
    const version = await context.client.set(bytes("k"), bytes(`${round}`));
    assertGreater(version, last);
    last = version;
  }
});

Deno.test("Of the writes of one commit that check the same key, one is done", async () => {
  await using context = testStore();
  await context.client.databaseId();
  const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) =>
    context.client.write({
      checks: [{ key: bytes("lock"), versionstamp: absent }],
      mutations: [set("lock", `${n}`), set(`mark ${n}`, "x")],
    })));
  const winners = outcomes.flatMap((outcome, n) => typeof outcome === "number" ? [n] : []);
  assertEquals(winners.length, 1);
  assertEquals(outcomes.filter((outcome) => typeof outcome !== "number"), Array(19).fill([0]));
  const [marks] = await context.client.read({
    start: bytes("mark"),
    end: bytes("marl"),
    limit: 100,
    reverse: false,
  });
  assertEquals(marks?.map(({ key }) => key), [bytes(`mark ${winners[0]}`)]);
});

Deno.test("Sums of one commit all count", async () => {
  await using context = testStore();
  await context.client.databaseId();
  const add = { mutations: [{ key: bytes("n"), type: MUTATION.sum, value: le64(1) }] };
  await Promise.all(Array.from({ length: 100 }, () => context.client.write(add)));
  assertEquals((await context.client.get(bytes("n")))?.value[0], 100);
});

Deno.test("A write that is refused halfway changes nothing, and those around it are done", async () => {
  await using context = testStore();
  await context.client.write({ mutations: [set("text", "seven")] });
  const [before, refusal, after] = await Promise.all([
    context.client.write({ mutations: [set("before", "x")] }),
    context.client.refused({
      mutations: [
        set("half", "x"),
        { key: bytes("text"), type: MUTATION.sum, value: le64(1) },
        set("rest", "x"),
      ],
    }),
    context.client.write({ mutations: [set("after", "x")] }),
  ]);
  assertEquals([typeof before, refusal.status, typeof after], ["number", 400, "number"]);
  const present = async (key: string) => await context.client.get(bytes(key)) !== undefined;
  assertEquals([await present("before"), await present("after")], [true, true]);
  assertEquals([await present("half"), await present("rest")], [false, false]);
});

Deno.test("close() commits what was submitted", async () => {
  const { store, client } = testStore();
  await client.databaseId();
  const writes = Array.from({ length: 5 }, (_, n) => client.set(bytes(`k${n}`), bytes("v")));
  // The bodies are read after some turns of the microtask queue, and the commit waits for a macrotask.
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  await store.close();
  const outcomes = await Promise.allSettled(writes);
  assertEquals(outcomes.map(({ status }) => status), Array(5).fill("fulfilled"));
});
