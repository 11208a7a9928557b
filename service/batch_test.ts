import { assertEquals, assertStringIncludes } from "@std/assert";
import { type ServicePair, startPair, userNamed } from "./service_fixture.ts";

const send = (pair: ServicePair, operations: unknown[], as = userNamed("ann")) =>
  pair.call(pair.one, "/data/batch", { body: { operations }, as });

async function ids(pair: ServicePair): Promise<string[]> {
  const { data } = await (await pair.call(pair.two, "/data")).json();
  return data.map(({ id }: { id: string }) => id);
}

Deno.test("POST /data/batch makes changes in order, each seeing those before it", async () => {
  await using pair = await startPair();
  const response = await send(pair, [
    { op: "create", id: "a", value: { n: 1 } },
    { op: "merge", id: "a", patch: { m: 2 } },
    { op: "patch", id: "a", patch: [{ op: "remove", path: "/n" }] },
    { op: "put", id: "b", value: 2 },
    { op: "create", value: 3 },
    { op: "delete", id: "b" },
  ]);
  assertEquals(response.status, 200);
  const { data } = await response.json();
  assertEquals(data.map((record: { value: unknown } | null) => record && record.value), [
    { n: 1 },
    { n: 1, m: 2 },
    { m: 2 },
    2,
    3,
    null,
  ]);
  assertEquals(await ids(pair), [data[4].id, "a", "welcome"]);
});

for (
  const [what, operation, status] of [
    ["a record that exists", { op: "create", id: "welcome", value: 1 }, 409],
    ["a record that is not there", { op: "delete", id: "none" }, 404],
    ["a version that is another", { op: "put", id: "a", value: 2, ifMatch: '"0"' }, 412],
    ["a record of somebody else", { op: "delete", id: "welcome" }, 403],
    ["a value that is too large", { op: "put", id: "c", value: "x".repeat(70_000) }, 413],
  ] as const
) {
  Deno.test(`POST /data/batch changes nothing when one operation meets ${what}`, async () => {
    await using pair = await startPair();
    const response = await send(pair, [
      { op: "create", id: "a", value: 1 },
      operation,
      { op: "create", id: "z", value: 1 },
    ]);
    assertEquals(response.status, status);
    const problem = await response.json();
    assertEquals(problem.operation, 1);
    assertStringIncludes(problem.detail, "Operation 1");
    assertEquals(await ids(pair), ["welcome"]);
  });
}

Deno.test("POST /data/batch refuses none, too many and unknown operations", async () => {
  await using pair = await startPair();
  const many = Array.from({ length: 101 }, () => ({ op: "create", value: 1 }));
  for (const operations of [[], many, [{ op: "explode", id: "a" }], [{ op: "put", value: 1 }]]) {
    const response = await send(pair, operations);
    assertEquals(response.status, 422);
    await response.body?.cancel();
  }
});

Deno.test("POST /data/batch takes 100 operations at once, and refuses what one commit cannot hold", async () => {
  await using pair = await startPair();
  const batch = (length: number) =>
    send(
      pair,
      Array.from({ length: 100 }, (_, i) => ({ op: "put", id: `x${i}`, value: "x".repeat(length) })),
    );
  assertEquals((await batch(100)).status, 200);
  const refused = await batch(9_000);
  assertEquals(refused.status, 413);
  await refused.body?.cancel();
  const { data } = await (await pair.call(pair.two, "/data/x99")).json();
  assertEquals(data.value.length, 100);
});

Deno.test("POST /data/batch is all or nothing among many that write the same records at once", async () => {
  await using pair = await startPair();
  const names = ["a", "b", "c"];
  await Promise.all(Array.from({ length: 40 }, async (_, turn) => {
    const operations = names.map((id) => ({ op: "put", id, value: turn }));
    const service = turn % 2 === 0 ? pair.one : pair.two;
    await (await pair.call(service, "/data/batch", { body: { operations } })).body?.cancel();
  }));
  const values = await Promise.all(
    names.map(async (id) => (await (await pair.call(pair.one, `/data/${id}`)).json()).data.value),
  );
  assertEquals(new Set(values).size, 1);
});
