import { assert, assertEquals, assertMatch } from "@std/assert";
import { ROUTE_TABLE } from "../route_table.ts";
import { fixture } from "../testdata/fixture.ts";
import { describeApi } from "./description.ts";

interface Described {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, unknown> };
}

interface Operation {
  readonly operationId: string;
  readonly security?: unknown;
  readonly requestBody?: unknown;
  readonly responses: Record<string, unknown>;
}

async function described(): Promise<Described> {
  return await (await fixture().call("/openapi.json")).json();
}

Deno.test("createGateway() describes every route of its table in OpenAPI 3.1, and no other", async () => {
  const { openapi, paths } = await described();
  assertMatch(openapi, /^3\.1\./);
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId }]) => `${method} ${path} ${operationId}`)
  );
  const expected = ROUTE_TABLE.map(({ method, path, name }) =>
    `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")} ${name}`
  );
  assertEquals(operations.toSorted(), expected.toSorted());
});

Deno.test("describeApi() says of each operation whether it needs a token, what it takes and how it may fail", async () => {
  const { paths } = await described();
  for (const { method, path, access, body, name } of ROUTE_TABLE) {
    const operation = paths[path.replaceAll(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
    assert(operation !== undefined, name);
    assertEquals(operation.security !== undefined, access !== "public", name);
    assertEquals(
      "401" in operation.responses,
      access !== "public" || name === "login" || name === "refresh",
      name,
    );
    assertEquals(operation.requestBody !== undefined, body !== undefined, name);
    assertEquals("413" in operation.responses, body !== undefined, name);
  }
});

Deno.test("describeApi() refers to nothing that is not there", () => {
  const text = JSON.stringify(describeApi(ROUTE_TABLE));
  const { components: { schemas } }: Described = JSON.parse(text);
  const named = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? "");
  assert(named.length > 20);
  for (const name of named) assert(name in schemas, name);
});

Deno.test("createGateway() serves a page to try the API on that asks for nothing from another site", async () => {
  const { call, seen } = fixture();
  for (
    const [target, type] of [
      ["/docs", "text/html"],
      ["/docs/docs.js", "text/javascript"],
      ["/docs/docs.css", "text/css"],
    ] as const
  ) {
    const response = await call(target);
    const text = await response.text();
    assertEquals([response.status, response.headers.get("content-type")?.split(";")[0]], [200, type]);
    assertEquals(text.match(/https?:\/\/|\/\/[\w-]+\.\w/g), null, target);
    const policy = response.headers.get("content-security-policy") ?? "";
    assertEquals(policy.match(/unsafe|\*|http/g), null);
    assertMatch(policy, /default-src 'none'/);
  }
  assertEquals(seen.length, 0);
});

Deno.test("createGateway() answers 304 for a document that has not changed", async () => {
  const { call } = fixture();
  const first = await call("/docs");
  await first.body?.cancel();
  const second = await call("/docs", { headers: { "if-none-match": first.headers.get("etag") ?? "" } });
  assertEquals([second.status, second.body], [304, null]);
});
