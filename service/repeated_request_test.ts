import { assertEquals } from "@std/assert";
import { type CallInit, type ServicePair, startPair } from "./service_fixture.ts";

const SPAN = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
const OTHER_SPAN = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01" };

/** Sends a request twice, as a balancer does that never got the first answer. */
async function twice(pair: ServicePair, path: string, init: CallInit, between?: () => Promise<unknown>) {
  const sent = { ...init, headers: { ...SPAN, ...init.headers } };
  const first = await pair.call(pair.one, path, sent);
  await first.body?.cancel();
  await between?.();
  const second = await pair.call(pair.two, path, sent);
  return { first, second };
}

const valueOf = async (pair: ServicePair, id: string) =>
  (await (await pair.call(pair.one, `/data/${id}`)).json()).data?.value;

Deno.test("PUT that a balancer sent twice is made once, and answered alike", async () => {
  await using pair = await startPair();
  for (const [id, status, headers] of [["new", 201, SPAN], ["welcome", 200, OTHER_SPAN]] as const) {
    const { first, second } = await twice(pair, `/data/${id}`, {
      method: "PUT",
      body: { value: id },
      headers,
    });
    assertEquals([first.status, second.status], [status, status]);
    assertEquals(second.headers.get("etag"), first.headers.get("etag"));
    await second.body?.cancel();
  }
});

Deno.test("PUT with If-Match that a balancer sent twice does not fail because of itself", async () => {
  await using pair = await startPair();
  const init = { method: "PUT", body: { value: 2 }, headers: { "if-match": '"1"' } };
  const { second } = await twice(pair, "/data/welcome", init);
  assertEquals(second.status, 200);
  await second.body?.cancel();
});

Deno.test("PUT that comes again does not write over what came in between", async () => {
  await using pair = await startPair();
  const { first, second } = await twice(pair, "/data/a", { method: "PUT", body: { value: 1 } }, async () => {
    await (await pair.call(pair.two, "/data/a", { method: "PUT", body: { value: 2 } })).body?.cancel();
  });
  assertEquals([second.status, second.headers.get("etag")], [204, first.headers.get("etag")]);
  assertEquals(await valueOf(pair, "a"), 2);
});

Deno.test("DELETE that a balancer sent twice is answered 204 twice, and deletes nothing newer", async () => {
  await using pair = await startPair();
  const { first, second } = await twice(pair, "/data/welcome", { method: "DELETE" }, async () => {
    await (await pair.call(pair.two, "/data/welcome", { method: "PUT", body: { value: "new" } })).body
      ?.cancel();
  });
  assertEquals([first.status, second.status], [204, 204]);
  assertEquals(await valueOf(pair, "welcome"), "new");
});

Deno.test("PUT that is under way in both services is made once", async () => {
  await using pair = await startPair();
  const init = { method: "PUT", body: { value: 1 }, headers: SPAN };
  const both = await Promise.all([
    pair.call(pair.one, "/data/a", init),
    pair.call(pair.two, "/data/a", init),
  ]);
  assertEquals(both.map(({ status }) => status), [201, 201]);
  assertEquals(new Set(both.map(({ headers }) => headers.get("etag"))).size, 1);
  for (const { body } of both) await body?.cancel();
});

Deno.test("PUT without a span, or with another one, is made each time", async () => {
  await using pair = await startPair();
  const put = async (headers: Record<string, string>) => {
    const response = await pair.call(pair.one, "/data/a", { method: "PUT", body: { value: 1 }, headers });
    await response.body?.cancel();
    return response.headers.get("etag");
  };
  assertEquals([await put({}), await put({}), await put(SPAN), await put(OTHER_SPAN)], [
    '"2"',
    '"3"',
    '"4"',
    '"5"',
  ]);
});
