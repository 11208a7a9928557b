import { eventually } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import { Registry } from "prom-client";
import { createServiceMetrics } from "./service_metrics.ts";
import { startPair } from "./service_fixture.ts";

/** The cache's samples that are not 0, by what they count, kind and layer. */
function samples(text: string): Record<string, number> {
  const pattern = /^flotilla_service_cache_(\w+)_total\{kind="(\w+)",layer="(\w+)"\} (\d+)$/gm;
  return Object.fromEntries(
    [...text.matchAll(pattern)].map((
      [, what, kind, layer, count],
    ) => [`${what} ${kind} ${layer}`, Number(count)]),
  );
}

Deno.test("createServiceMetrics() counts what happens in a cache by kind and layer", async () => {
  const registry = new Registry();
  const metrics = createServiceMetrics(registry, () => true);
  const [records, pages] = [metrics.cache("record"), metrics.cache("page")];
  records.hit("near");
  records.miss("shared");
  records.coalesced("near");
  records.refused("shared");
  pages.refused("near");
  pages.coalesced("shared");
  pages.stale("near");
  assertEquals(samples(await registry.metrics()), {
    "hits record near": 1,
    "misses record shared": 1,
    "coalesced_fills record near": 1,
    "refused_fills record shared": 1,
    "refused_fills page near": 1,
    "coalesced_fills page shared": 1,
    "stale_answers page near": 1,
  });
});

Deno.test("GET /metrics of a service tells hits, misses and coalesced fills of each layer", async () => {
  let gate = Promise.resolve();
  const wrapCache = (kv: Deno.Kv) =>
    new Proxy(kv, {
      get(target, name) {
        if (name === "getMany") return (keys: Deno.KvKey[]) => gate.then(() => target.getMany(keys));
        const own: unknown = Reflect.get(target, name, target);
        return typeof own === "function" ? own.bind(target) : own;
      },
    });
  await using pair = await startPair({ wrapCache });
  const read = async (from: "one" | "two", path = "/data/welcome") =>
    void await (await pair.call(pair[from], path)).body?.cancel();
  const told = async (from: "one" | "two") => samples(await (await pair.call(pair[from], "/metrics")).text());
  for (const path of ["/data/welcome", "/data/welcome", "/data"]) await read("one", path);
  assertEquals(await told("one"), {
    "misses record near": 1,
    "misses record shared": 1,
    "hits record near": 1,
    "misses page near": 1,
    "misses page shared": 1,
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  const reads = [read("two"), read("two"), read("two")];
  await eventually(async () => (await told("two"))["misses record near"] === 3);
  resolve();
  await Promise.all(reads);
  assertEquals(await told("two"), {
    "misses record near": 3,
    "coalesced_fills record near": 2,
    "hits record shared": 1,
  });
});
