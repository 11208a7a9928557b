import { ProblemError } from "@flotilla/runtime";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import { jsonBody } from "./json_body.ts";
import { setUp } from "./testdata/fixture.ts";

const schema = z.strictObject({ name: z.string(), "a/b~c": z.array(z.number()).default([]) });

function post(body: BodyInit, headers: HeadersInit = { "content-type": "application/json" }): Request {
  return new Request("http://inside/", { method: "POST", body, headers });
}

async function refused(request: Request, limit?: number): Promise<ProblemError> {
  return await assertRejects(
    () => jsonBody(request, schema, limit === undefined ? {} : { limit }),
    ProblemError,
  );
}

Deno.test("jsonBody() gives content that fits, with the media type in any case and with parameters", async () => {
  const request = post('{"name":"ann"}', { "content-type": "Application/JSON; charset=utf-8" });
  assertEquals(await jsonBody(request, schema), { name: "ann", "a/b~c": [] });
});

Deno.test("jsonBody() answers 415 for another media type, none, or compressed content", async () => {
  const wrong = [{ "content-type": "text/plain" }, { "content-type": "application/jsonx" }, {
    "content-type": "",
  }];
  for (const headers of wrong) {
    const error = await refused(post("{}", headers));
    assertEquals([error.status, error.headers.get("accept")], [415, "application/json"]);
  }
  const packed = await refused(
    post("{}", { "content-type": "application/json", "content-encoding": "gzip" }),
  );
  assertEquals([packed.status, packed.headers.get("accept-encoding")], [415, "identity"]);
});

Deno.test("jsonBody() answers 413 by Content-Length, and by what really comes", async () => {
  const declared = await refused(
    post("{}", { "content-type": "application/json", "content-length": "17" }),
    16,
  );
  assertEquals(declared.status, 413);
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.enqueue(new Uint8Array(8).fill(0x20)),
    cancel: () => void (cancelled = true),
  });
  assertEquals((await refused(post(endless), 16)).status, 413);
  assertEquals(cancelled, true);
  assertEquals(await jsonBody(post('{"name":"abcd"}'), schema, { limit: 15 }), { name: "abcd", "a/b~c": [] });
});

Deno.test("jsonBody() answers 400 for what is not JSON, or not UTF-8", async () => {
  for (const body of ["", "{", "nothing", new Uint8Array([0x22, 0xff, 0x22])]) {
    assertEquals((await refused(post(body))).status, 400);
  }
});

Deno.test("jsonBody() answers 422 with a pointer to each thing that does not fit", async () => {
  const error = await refused(post('{"name":1,"a/b~c":["x"]}'));
  assertEquals(error.status, 422);
  const { errors } = error.extensions;
  assertEquals(JSON.stringify(errors).match(/"pointer":"[^"]*"/g), [
    '"pointer":"/name"',
    '"pointer":"/a~1b~0c/0"',
  ]);
  assertStringIncludes((await refused(post('{"name":"ann","admin":true}'))).message, "admin");
});

Deno.test("POST /auth/login refuses broken content as a problem, and never repeats a password", async () => {
  using fixture = await setUp();
  const secret = "x".repeat(300);
  const bodies = ["{", "[]", { username: "ann" }, { username: "ann", password: secret }, { username: 1 }];
  for (const body of bodies) {
    const response = await fixture.call("/auth/login", { method: "POST", body });
    assertEquals(response.headers.get("content-type"), "application/problem+json");
    assertEquals([400, 422].includes(response.status), true);
    assertEquals((await response.text()).includes(secret), false);
  }
});
