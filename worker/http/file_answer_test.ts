import { assertEquals, assertMatch } from "@std/assert";
import { z } from "zod";
import { defineTask } from "../engine/define_task.ts";
import { WorkerLab } from "../testing/worker_lab.ts";

const CONTENT = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join("");

const write = defineTask({
  name: "write",
  input: z.strictObject({}),
  async run({ artifact }) {
    await artifact("lines.txt", "text/plain").write(CONTENT);
    await artifact("page.html", "text/html").write("<script>alert(1)</script>");
    return CONTENT;
  },
});

async function written() {
  const lab = await WorkerLab.open();
  const worker = lab.worker([write]);
  worker.start();
  const id = await lab.send(worker, { task: "write" });
  const { result } = await lab.until(worker, id, ["succeeded"]);
  const get = (headers: HeadersInit = {}, name = "lines.txt") =>
    lab.call(worker, `/longtask/${id}/files/${name}`, { headers });
  return { result, get, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}

Deno.test("GET /longtask/:id gives a result back that is larger than a value of the store", async () => {
  await using lab = await written();
  assertEquals(lab.result, CONTENT);
});

Deno.test("GET /longtask/:id/files/:name streams a file back whole, and says what it is", async () => {
  await using lab = await written();
  const response = await lab.get();
  assertEquals([response.status, response.headers.get("content-length")], [200, `${CONTENT.length}`]);
  assertEquals(response.headers.get("accept-ranges"), "bytes");
  assertEquals(await response.text(), CONTENT);
});

Deno.test("GET /longtask/:id/files/:name honours Range, If-Range and If-None-Match", async () => {
  await using lab = await written();
  const part = await lab.get({ range: "bytes=100000-100009" });
  assertEquals([part.status, part.headers.get("content-range")], [
    206,
    `bytes 100000-100009/${CONTENT.length}`,
  ]);
  assertEquals(await part.text(), CONTENT.slice(100_000, 100_010));
  const etag = part.headers.get("etag") ?? "";
  const last = await lab.get({ range: "bytes=-5", "if-range": etag });
  assertEquals([last.status, await last.text()], [206, CONTENT.slice(-5)]);
  const changed = await lab.get({ range: "bytes=-5", "if-range": '"other"' });
  assertEquals([changed.status, (await changed.text()).length], [200, CONTENT.length]);
  const behind = await lab.get({ range: `bytes=${CONTENT.length}-` });
  await behind.body?.cancel();
  assertEquals([behind.status, behind.headers.get("content-range")], [416, `bytes */${CONTENT.length}`]);
  assertEquals((await lab.get({ "if-none-match": etag })).status, 304);
});

Deno.test("GET /longtask/:id/files/:name lets no page act as one of this site", async () => {
  await using lab = await written();
  const response = await lab.get({}, "page.html");
  await response.body?.cancel();
  assertMatch(response.headers.get("content-security-policy") ?? "", /^sandbox; default-src 'none'/);
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
});

Deno.test("GET /longtask/:id/files/:name answers 404 to a file that is not there", async () => {
  await using lab = await written();
  for (const name of ["other.txt", "result.json", "..%2Flines.txt"]) {
    const response = await lab.get({}, name);
    await response.body?.cancel();
    assertEquals(response.status, 404);
  }
});
