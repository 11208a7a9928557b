import { assertEquals } from "@std/assert";
import { fixture, json } from "./testdata/fixture.ts";

Deno.test("createGateway() answers 422 for content that does not fit, and points at each member at fault", async () => {
  const { call, seen } = fixture();
  const response = await call("/data", json("POST", { id: "/etc", valu: 1, sharedWith: ["", 2] }), "ann");
  const problem = await response.json();
  assertEquals([response.status, seen.length], [422, 0]);
  assertEquals(problem.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted(), [
    "",
    "/id",
    "/sharedWith/0",
    "/sharedWith/1",
    "/value",
  ]);
});

Deno.test("createGateway() answers 422 for a query that does not fit, names that are unknown or given twice", async () => {
  const { call, seen } = fixture();
  for (const query of ["limit=0", "limit=1001", "limit=ten", "limt=1", "limit=1&limit=2"]) {
    const response = await call(`/data?${query}`, {}, "ann");
    await response.body?.cancel();
    assertEquals([query, response.status], [query, 422]);
  }
  assertEquals(seen.length, 0);
});

Deno.test("createGateway() answers 422 for a name in the path that there cannot be, 400 for one that cannot be read", async () => {
  const { call, seen } = fixture();
  for (const [id, status] of [["%2Fetc", 422], ["a%00", 422], ["-a", 422], ["%zz", 400], ["%ff", 400]]) {
    const response = await call(`/data/${id}`, {}, "ann");
    await response.body?.cancel();
    assertEquals([id, response.status], [id, status]);
  }
  assertEquals(seen.length, 0);
});
