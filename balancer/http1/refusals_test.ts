import { assertEquals, assertMatch } from "@std/assert";
import { ProxyFixture } from "./testing/proxy_fixture.ts";
import { REFUSALS } from "./testing/refusals.ts";

Deno.test("ProxyConnection refuses what is ambiguous or broken", async (t) => {
  for (const { title, request, status } of REFUSALS) {
    await t.step(`${title}: ${status}`, async () => {
      await using proxy = new ProxyFixture();
      const client = proxy.client();
      await client.say(request);
      const answer = await client.rest();
      assertMatch(answer, new RegExp(`^HTTP/1\\.1 ${status} .*\r\n`));
      assertMatch(answer, /\r\nConnection: close\r\n/);
      assertMatch(answer, /\r\nContent-Type: application\/problem\+json\r\n/);
      assertEquals(answer.match(/HTTP\/1\.1 \d{3}/g)?.length, 1);
      assertEquals(proxy.dials, 0);
      assertEquals(proxy.errors, []);
    });
  }
});

Deno.test("ProxyConnection refuses the same octets however they are split", async (t) => {
  for (const { title, request, status } of REFUSALS.filter(({ request }) => request.length < 200)) {
    await t.step(`${title}: ${status}`, async () => {
      await using proxy = new ProxyFixture();
      const client = proxy.client();
      const head = client.hear(/^HTTP\/1\.1 \d{3}/);
      for (const octet of request) {
        try {
          await client.say(octet);
        } catch {
          break;
        }
      }
      assertEquals(await head, `HTTP/1.1 ${status}`);
    });
  }
});

Deno.test("ProxyConnection passes nothing on of a request behind a refused one", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  await client.say(
    "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
      "GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n",
  );
  assertMatch(await client.rest(), /^HTTP\/1\.1 400 /);
  assertEquals(proxy.dials, 0);
});
