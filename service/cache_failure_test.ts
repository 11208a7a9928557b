import { eventually } from "@flotilla/runtime/testing";
import { assert, assertEquals } from "@std/assert";
import { type PairOptions, type ServicePair, startPair } from "./service_fixture.ts";

/** A KV whose operations do as `mode` says. */
function unreliable() {
  const state = { mode: "works" as "works" | "fails" | "hangs" | "full", operations: 0 };
  const meet = <T>(work: () => Promise<T>, full: () => Promise<T>): Promise<T> => {
    state.operations++;
    if (state.mode === "fails") return Promise.reject(new Error("connection refused"));
    if (state.mode === "hangs") return new Promise(() => {});
    return state.mode === "full" ? full() : work();
  };
  const wrap = (kv: Deno.Kv): Deno.Kv =>
    new Proxy(kv, {
      get(target, name) {
        if (name === "get") return (key: Deno.KvKey) => meet(() => target.get(key), () => target.get(key));
        if (name === "getMany") {
          return (keys: Deno.KvKey[]) => meet(() => target.getMany(keys), () => target.getMany(keys));
        }
        if (name === "atomic") {
          return () => {
            const operation = target.atomic();
            const commit = operation.commit.bind(operation);
            operation.commit = () => meet(commit, () => Promise.reject(new Error("no space left")));
            return operation;
          };
        }
        const own: unknown = Reflect.get(target, name, target);
        return typeof own === "function" ? own.bind(target) : own;
      },
    });
  return { state, wrap };
}

async function readValue(pair: ServicePair, from: "one" | "two", id = "welcome") {
  const response = await pair.call(pair[from], `/data/${id}`);
  return { status: response.status, ...await response.json() };
}

const startReal = (options: PairOptions) =>
  startPair({ realTime: true, sharedCache: { timeout: 20 }, ...options });

for (const mode of ["fails", "hangs", "full"] as const) {
  Deno.test(`reads and writes go on, and stay right, when the cache ${mode}`, async () => {
    const { state, wrap } = unreliable();
    await using pair = await startReal({ wrapCache: wrap });
    await readValue(pair, "two");
    state.mode = mode;
    for (let turn = 0; turn < 8; turn++) {
      const written = await pair.call(pair.one, "/data/welcome", { method: "PUT", body: { value: turn } });
      assertEquals(written.status, 200);
      await written.body?.cancel();
      for (const from of ["one", "two"] as const) {
        const { status, data } = await readValue(pair, from);
        assertEquals([status, data.value], [200, turn]);
      }
    }
  });
}

Deno.test("a cache that does not answer is soon not asked, and asked again when it is back", async () => {
  const { state, wrap } = unreliable();
  await using pair = await startPair({ wrapCache: wrap });
  state.mode = "fails";
  for (let turn = 0; turn < 5; turn++) await readValue(pair, "one", `id-${turn}`);
  const asked = state.operations;
  for (let turn = 0; turn < 5; turn++) await readValue(pair, "one", `more-${turn}`);
  assertEquals(state.operations, asked);
  state.mode = "works";
  pair.clock.jump(10_000);
  await readValue(pair, "one", "welcome");
  pair.clock.jump(10_000);
  assertEquals((await readValue(pair, "two", "welcome")).cached, true);
});

Deno.test("what a cache kept through an outage is not used once it has changed", async () => {
  const { state, wrap } = unreliable();
  await using pair = await startPair({ wrapCache: wrap });
  await readValue(pair, "one");
  state.mode = "fails";
  await (await pair.call(pair.one, "/data/welcome", { method: "PUT", body: { value: "new" } })).body
    ?.cancel();
  state.mode = "works";
  pair.clock.jump(10_000);
  const { cached, data } = await readValue(pair, "two");
  assertEquals([cached, data.value], [false, "new"]);
});

Deno.test("a cache that is not open yet is done without, and used when it is", async () => {
  const { promise, resolve } = Promise.withResolvers<Deno.Kv>();
  using late = await Deno.openKv(":memory:");
  await using pair = await startPair({ cache: promise });
  assertEquals((await readValue(pair, "one")).cached, false);
  assertEquals((await readValue(pair, "two")).cached, false);
  resolve(late);
  await promise;
  await readValue(pair, "one", "other");
  const metrics = await (await pair.call(pair.one, "/metrics")).text();
  assert(metrics.includes("flotilla_service_cache_available 1"));
});

Deno.test("readyz is 200 while only the cache is away, and metrics tell", async () => {
  const { state, wrap } = unreliable();
  await using pair = await startPair({ wrapCache: wrap });
  state.mode = "fails";
  for (let turn = 0; turn < 5; turn++) await readValue(pair, "one", `id-${turn}`);
  assertEquals((await pair.call(pair.one, "/readyz")).status, 200);
  const metrics = await (await pair.call(pair.one, "/metrics")).text();
  assert(metrics.includes("flotilla_service_cache_available 0"));
});

Deno.test("readyz is 503 and reads are 503 with Retry-After while the database is away", async () => {
  const { state, wrap } = unreliable();
  await using pair = await startPair({ wrapDatabase: wrap });
  await readValue(pair, "one");
  state.mode = "hangs";
  const before = state.operations;
  const pending = pair.call(pair.one, "/data/welcome");
  await eventually(() => state.operations > before, { what: "the rest after a fence to be over" });
  await pair.clock.advance(2_000);
  const response = await pending;
  assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
  await response.body?.cancel();
  const stale = await pair.call(pair.one, "/data/welcome", { headers: { "cache-control": "max-stale=60" } });
  assertEquals(stale.status, 200);
  await stale.body?.cancel();
  state.mode = "fails";
  assertEquals((await pair.call(pair.one, "/readyz")).status, 503);
  await pair.clock.advance(2_000);
});
