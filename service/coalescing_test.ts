import { assertEquals } from "@std/assert";
import { countingKv, startPair } from "./service_fixture.ts";

async function metric(response: Response, pattern: RegExp): Promise<number> {
  return Number(pattern.exec(await response.text())?.[1] ?? 0);
}

const READS = /database_reads_total\{what="record"\} (\d+)/;

Deno.test("200 concurrent readers of one cold key through two services make one read of the database", async () => {
  await using pair = await startPair({ realTime: true });
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, turn) => {
      const response = await pair.call(turn % 2 === 0 ? pair.one : pair.two, "/data/welcome");
      return (await response.json()).data.version;
    }),
  );
  assertEquals(answers, Array(200).fill(1));
  const reads = await Promise.all(
    [pair.one, pair.two].map(async (service) => metric(await pair.call(service, "/metrics"), READS)),
  );
  assertEquals(reads.toSorted(), [0, 1]);
});

Deno.test("200 concurrent readers of one cold key make one read per service while there is no cache", async () => {
  await using pair = await startPair({ realTime: true, cache: undefined });
  await Promise.all(
    Array.from({ length: 200 }, async (_, turn) => {
      const response = await pair.call(turn % 2 === 0 ? pair.one : pair.two, "/data/welcome");
      await response.body?.cancel();
    }),
  );
  for (const service of [pair.one, pair.two]) {
    assertEquals(await metric(await pair.call(service, "/metrics"), READS), 1);
  }
});

Deno.test("200 concurrent readers of one cold page through two services make one read of the database", async () => {
  await using pair = await startPair({ realTime: true });
  await Promise.all(
    Array.from({ length: 200 }, async (_, turn) => {
      const response = await pair.call(turn % 2 === 0 ? pair.one : pair.two, "/data?prefix=w");
      await response.body?.cancel();
    }),
  );
  const reads = await Promise.all(
    [pair.one, pair.two].map(async (service) =>
      await metric(await pair.call(service, "/metrics"), /database_reads_total\{what="page"\} (\d+)/)
    ),
  );
  assertEquals(reads.toSorted(), [0, 1]);
});

Deno.test("200 concurrent readers of a key that is not there make one read of the database", async () => {
  await using pair = await startPair({ realTime: true });
  const statuses = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const response = await pair.call(pair.one, "/data/none");
      await response.body?.cancel();
      return response.status;
    }),
  );
  assertEquals(new Set(statuses), new Set([404]));
  assertEquals(await metric(await pair.call(pair.one, "/metrics"), READS), 1);
});

Deno.test("200 concurrent readers of a hot key share the reads of the log's end", async () => {
  const { counts, wrap } = countingKv();
  await using pair = await startPair({ realTime: true, wrapDatabase: wrap });
  const read = async () => void await (await pair.call(pair.one, "/data/welcome")).body?.cancel();
  await read();
  const before = counts.get;
  await Promise.all(Array.from({ length: 200 }, read));
  assertEquals(counts.get - before < 20, true, `${counts.get - before} reads`);
});

Deno.test("a service reads the database itself when the holder of the lease does not fill", async () => {
  await using pair = await startPair({ realTime: true });
  await (await pair.call(pair.one, "/data/other")).body?.cancel();
  const { epoch } = (await pair.database.get<{ epoch: string }>(["data", "latest"])).value ?? { epoch: "" };
  await pair.cache.set(["data", epoch, "record", "welcome"], {
    kind: "lease",
    until: pair.clock.now() + 60_000,
  });
  const response = await pair.call(pair.two, "/data/welcome");
  assertEquals([response.status, (await response.json()).cached], [200, false]);
});

Deno.test("a lease whose time is over is not waited for", async () => {
  await using pair = await startPair();
  await (await pair.call(pair.one, "/data/other")).body?.cancel();
  const { epoch } = (await pair.database.get<{ epoch: string }>(["data", "latest"])).value ?? { epoch: "" };
  await pair.cache.set(["data", epoch, "record", "welcome"], { kind: "lease", until: pair.clock.now() });
  const response = await pair.call(pair.two, "/data/welcome");
  assertEquals(
    response.headers.get("cache-status"),
    "flotilla-shared; fwd=stale; stored, flotilla-near; fwd=uri-miss",
  );
  await response.body?.cancel();
});

Deno.test("seven cold keys that are read at once share one call of the database and one look-up in the cache", async () => {
  const [database, cache] = [countingKv(), countingKv()];
  await using pair = await startPair({ realTime: true, wrapDatabase: database.wrap, wrapCache: cache.wrap });
  const read = async (id: string) => void await (await pair.call(pair.one, `/data/${id}`)).body?.cancel();
  await read("welcome");
  const before = [database.counts.getMany, cache.counts.getMany];
  await Promise.all(Array.from({ length: 7 }, (_, index) => read(`cold-${index}`)));
  // The first of them may go on alone, since the fence that it began has nobody else waiting.
  assertEquals(database.counts.getMany - (before[0] ?? 0) <= 2, true, `${database.counts.getMany} calls`);
  assertEquals(cache.counts.getMany - (before[1] ?? 0) <= 2, true, `${cache.counts.getMany} calls`);
});
