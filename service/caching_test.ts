import { assertEquals } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import { startPair } from "./service_fixture.ts";

type Call = Awaited<ReturnType<typeof startPair>>;

async function read(
  pair: Call,
  from: "one" | "two",
  path = "/data/welcome",
  headers: Record<string, string> = {},
) {
  const response = await pair.call(pair[from], path, { headers });
  const { cached, data } = await response.json();
  return {
    cached,
    value: data?.value,
    ids: Array.isArray(data) ? data.map(({ id }: { id: string }) => id) : undefined,
    status: response.headers.get("cache-status"),
    age: response.headers.get("age"),
  };
}

const put = async (pair: Call, to: "one" | "two", id: string, value: unknown) =>
  await (await pair.call(pair[to], `/data/${id}`, { method: "PUT", body: { value } })).body?.cancel();

const MISS = "flotilla-shared; fwd=uri-miss; stored, flotilla-near; fwd=uri-miss";

for (const path of ["/data/welcome", "/data", "/data?limit=5&prefix=w"]) {
  Deno.test(`GET ${path} tells where the answer came from: database, near cache, shared cache`, async () => {
    await using pair = await startPair();
    const [first, second, other] = [
      await read(pair, "one", path),
      await read(pair, "one", path),
      await read(pair, "two", path),
    ];
    assertEquals([first.cached, first.status], [false, MISS]);
    assertEquals([second.cached, second.status, second.age], [true, "flotilla-near; hit", "0"]);
    assertEquals([other.cached, other.status], [true, "flotilla-shared; hit, flotilla-near; fwd=uri-miss"]);
  });
}

Deno.test("a write through either service is seen by the next read through either", async () => {
  await using pair = await startPair();
  const services = ["one", "two"] as const;
  for (let turn = 0; turn < 20; turn++) {
    for (const writer of services) {
      for (const reader of services) {
        await read(pair, reader);
        await put(pair, writer, "welcome", turn);
        const { value, status, cached } = await read(pair, reader);
        assertEquals({ value, status, cached }, {
          value: turn,
          status: "flotilla-shared; fwd=stale; stored, flotilla-near; fwd=stale",
          cached: false,
        });
      }
    }
  }
});

Deno.test("a deleted record is gone for the next read through either service, and that is cached too", async () => {
  await using pair = await startPair();
  await read(pair, "one");
  await read(pair, "two");
  await pair.call(pair.one, "/data/welcome", { method: "DELETE" });
  const statusOf = async (from: "one" | "two") => (await pair.call(pair[from], "/data/welcome")).status;
  assertEquals([await statusOf("two"), await statusOf("one"), await statusOf("two")], [404, 404, 404]);
  const metrics = await (await pair.call(pair.two, "/metrics")).text();
  assertEquals(/database_reads_total\{what="record"\} (\d+)/.exec(metrics)?.[1], "1");
  await put(pair, "two", "welcome", "back");
  assertEquals((await read(pair, "one")).value, "back");
});

Deno.test("a list is right after each write, and stays cached when the write lies elsewhere", async () => {
  await using pair = await startPair();
  for (const id of ["a:1", "a:2", "a:3", "b:1"]) await put(pair, "one", id, 0);
  const path = "/data?prefix=a:&limit=2";
  assertEquals((await read(pair, "one", path)).ids, ["a:1", "a:2"]);
  await put(pair, "two", "b:2", 0);
  await put(pair, "two", "a:9", 0);
  const kept = await read(pair, "one", path);
  assertEquals([kept.ids, kept.cached], [["a:1", "a:2"], true]);
  await put(pair, "two", "a:15", 0);
  const changed = await read(pair, "one", path);
  assertEquals([changed.ids, changed.cached], [["a:1", "a:15"], false]);
});

Deno.test("the last page of a list is right when a record is added behind it", async () => {
  await using pair = await startPair();
  assertEquals((await read(pair, "one", "/data?prefix=w")).ids, ["welcome"]);
  await put(pair, "two", "world", 0);
  assertEquals((await read(pair, "one", "/data?prefix=w")).ids, ["welcome", "world"]);
});

Deno.test("Cache-Control: no-cache reads the database", async () => {
  await using pair = await startPair();
  await read(pair, "one");
  const fresh = await read(pair, "one", "/data/welcome", { "cache-control": "no-cache" });
  assertEquals([fresh.cached, fresh.status], [
    false,
    "flotilla-shared; fwd=bypass, flotilla-near; fwd=bypass",
  ]);
});

Deno.test("Cache-Control: max-stale takes what is a little old at once, and brings it up to date behind", async () => {
  await using pair = await startPair();
  await read(pair, "one");
  await put(pair, "two", "welcome", "new");
  pair.clock.jump(3_000);
  const stale = await read(pair, "one", "/data/welcome", { "cache-control": "max-stale=5" });
  assertEquals([typeof stale.value, stale.age, stale.status], [
    "object",
    "3",
    "flotilla-near; hit; detail=stale",
  ]);
  await eventually(async () => {
    const after = await read(pair, "one", "/data/welcome", { "cache-control": "max-stale=5" });
    return after.value === "new" && after.age === "0";
  });
});

Deno.test("Cache-Control: max-stale does not take what is older", async () => {
  await using pair = await startPair();
  await read(pair, "one");
  await put(pair, "two", "welcome", "new");
  pair.clock.jump(6_000);
  assertEquals((await read(pair, "one", "/data/welcome", { "cache-control": "max-stale=5" })).value, "new");
});

Deno.test("the shared cache is used with max-stale when the near cache has nothing", async () => {
  await using pair = await startPair();
  await read(pair, "one");
  await put(pair, "one", "welcome", "new");
  pair.clock.jump(2_000);
  await (await pair.call(pair.two, "/data/other")).body?.cancel();
  const stale = await read(pair, "two", "/data/welcome", { "cache-control": "max-stale=5" });
  assertEquals([typeof stale.value, stale.age], ["object", "2"]);
  await eventually(async () =>
    (await read(pair, "two", "/data/welcome", { "cache-control": "max-stale=5" })).value === "new"
  );
});
