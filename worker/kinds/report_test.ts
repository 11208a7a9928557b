import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createAssertionVerifier } from "@flotilla/auth/verify";
import { ManualClock } from "@flotilla/runtime/testing";
import { TEST_KEY, WorkerLab } from "../testing/worker_lab.ts";
import { report } from "./report.ts";

const DAY = "2026-03-01T12:00:00.000Z";

/** A service with `count` records, which notes who asks. */
function service(count: number) {
  const records = Array.from({ length: count }, (_, index) => ({
    id: `${index % 2 === 0 ? "order" : "=bad"}:${index}`,
    value: "x".repeat(index),
    version: "1",
    created: DAY,
    updated: DAY,
  }));
  const verifier = createAssertionVerifier({ key: TEST_KEY });
  const callers: string[] = [];
  return {
    callers,
    target: {
      origin: "http://service",
      async fetch(request: Request) {
        const caller = await verifier.verify(request);
        callers.push(caller.kind === "user" ? caller.principal.subject : "nobody");
        const { searchParams } = new URL(request.url);
        const page = Number(searchParams.get("limit"));
        const start = Number(searchParams.get("cursor") ?? 0);
        const next = start + page < count ? `${start + page}` : null;
        return Response.json({ cached: false, data: records.slice(start, start + page), next });
      },
    },
  };
}

Deno.test("report counts, measures and groups all records, on behalf of its owner", async () => {
  await using lab = await WorkerLab.open();
  const { target, callers } = service(250);
  const worker = lab.worker([report], { service: target });
  worker.start();
  const { result } = await lab.until(worker, await lab.send(worker, { task: "report" }), ["succeeded"]);
  const sizes = { count: 250, bytes: 31_625, min: 2, median: 126, p95: 239, max: 251 };
  const { prefixes, days, filter, ...all } = Object(result);
  assertEquals(all, sizes);
  assertEquals([prefixes.order.count, prefixes["=bad"].count, filter], [125, 125, {}]);
  assertEquals(days, { "2026-03-01": sizes });
  assertEquals(callers, ["alice", "alice"]);
});

Deno.test("report writes a CSV that its owner can download, and no formula in it", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([report], { service: service(3).target });
  worker.start();
  const { files } = await lab.until(worker, await lab.send(worker, { task: "report" }), ["succeeded"]);
  const [file] = Object(files);
  const response = await lab.call(worker, file.url);
  assertEquals(response.headers.get("content-type"), "text/csv; charset=utf-8");
  assertMatch(response.headers.get("content-disposition") ?? "", /attachment; filename="report.csv"/);
  const text = await response.text();
  assertEquals(new TextEncoder().encode(text).length, file.size);
  assertStringIncludes(
    text,
    "group,name,count,bytes,min,median,p95,max\r\nall,,3,9,2,3,4,4\r\nprefix,'=bad,1,",
  );
});

Deno.test("report fails at once when the service refuses, and is tried again when it is away", async () => {
  await using lab = await WorkerLab.open();
  let status = 403;
  const fetch = () => Promise.resolve(Response.json({ detail: "No right" }, { status }));
  // Time stands, so that what waits for its next try is seen waiting.
  const clock = new ManualClock(Date.now());
  const worker = lab.worker([report], { service: { origin: "http://service", fetch }, clock });
  worker.start();
  const refused = await lab.until(worker, await lab.send(worker, { task: "report" }), ["failed"]);
  assertEquals([refused.attempt, Object(refused.error).message], [1, "The service answered 403: No right"]);
  status = 503;
  const away = await lab.until(worker, await lab.send(worker, { task: "report" }), ["retrying"]);
  assertEquals(Object(away.error).message, "The service answered 503: No right");
});

Deno.test("report draws a chart and a page in which no id is markup", async () => {
  await using lab = await WorkerLab.open();
  const data = [{ id: "<script>alert(1)</script>:1", value: 1, created: DAY }];
  const fetch = () => Promise.resolve(Response.json({ data, next: null }));
  const worker = lab.worker([report], { service: { origin: "http://service", fetch } });
  worker.start();
  const { url } = await lab.until(worker, await lab.send(worker, { task: "report" }), ["succeeded"]);
  for (const name of ["report.svg", "report.html"]) {
    const response = await lab.call(worker, `${url}/files/${name}`);
    const text = await response.text();
    assertEquals([response.headers.get("content-disposition"), text.includes("<script")], [
      `inline; filename="${name}"`,
      false,
    ]);
    assertStringIncludes(text, "&lt;script&gt;");
  }
});
