import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ServiceTarget } from "../service_caller.ts";
import { WorkerLab } from "../testing/worker_lab.ts";
import { exportRecords } from "./export.ts";
import { importRecords } from "./import.ts";

/** A service that keeps records, and answers a list and an import as the real one does. */
function service(records = new Map<string, unknown>()) {
  const state = { records, imports: 0, away: 0 };
  const fetch = async (request: Request): Promise<Response> => {
    if (new URL(request.url).pathname === "/data") {
      const data = [...records].map(([id, value]) => ({
        id,
        value,
        created: "2026-01-01T00:00:00Z",
        version: 1,
      }));
      return Response.json({ data, next: null });
    }
    const lines = (await request.text()).trim().split("\n");
    state.imports++;
    const tally = {
      lines: lines.length,
      created: 0,
      replaced: 0,
      skipped: 0,
      failed: 0,
      failures: [{}].slice(1),
    };
    for (const [index, line] of lines.entries()) {
      if (!line.startsWith("{")) {
        tally.failed++;
        tally.failures.push({ line: index + 1, status: 400, detail: "no JSON" });
        continue;
      }
      const { id, value } = JSON.parse(line);
      tally[records.has(id) ? "replaced" : "created"]++;
      records.set(id, value);
    }
    if (state.away-- > 0) return Response.json({ detail: "away" }, { status: 503 });
    return Response.json(tally);
  };
  const target: ServiceTarget = { origin: "http://service", fetch };
  return { state, target };
}

async function upload(
  lab: WorkerLab,
  worker: ReturnType<WorkerLab["worker"]>,
  body: string,
): Promise<string> {
  const response = await lab.call(worker, "/longtask/uploads", {
    method: "POST",
    body,
    headers: { "content-type": "application/jsonl" },
  });
  const { file, size } = await response.json();
  assertEquals([response.status, size], [201, new TextEncoder().encode(body).length]);
  return file;
}

Deno.test("import writes what export wrote", async () => {
  await using lab = await WorkerLab.open();
  const records = new Map(Array.from({ length: 700 }, (_, index) => [`r:${index}`, { index, text: "é\n" }]));
  const worker = lab.worker([exportRecords], { service: service(records).target });
  worker.start();
  const exported = await lab.until(worker, await lab.send(worker, { task: "export" }), ["succeeded"]);
  assertEquals(exported.result, { count: 700, file: "data.jsonl" });
  const text = await (await lab.call(worker, `${exported.url}/files/data.jsonl`)).text();

  const other = service();
  const importer = lab.worker([importRecords], { service: other.target });
  importer.start();
  const file = await upload(lab, importer, text);
  const done = await lab.until(importer, await lab.send(importer, { task: "import", file }), ["succeeded"]);
  assertEquals(Object(done.result).created, 700);
  assertEquals([other.state.records, other.state.imports], [records, 2]);
});

Deno.test("export writes CSV with no formula in it", async () => {
  await using lab = await WorkerLab.open();
  const records = new Map<string, unknown>([["a", "=1+1"], ["b", { x: 'y "z"' }]]);
  const worker = lab.worker([exportRecords], { service: service(records).target });
  worker.start();
  const { url } = await lab.until(worker, await lab.send(worker, { task: "export", format: "csv" }), [
    "succeeded",
  ]);
  const text = await (await lab.call(worker, `${url}/files/data.csv`)).text();
  assertStringIncludes(text, "id,created,updated,version,value\r\na,2026-01-01T00:00:00Z,,1,'=1+1\r\n");
  assertStringIncludes(text, '"{""x"":""y \\""z\\""""}"');
});

Deno.test("import that is run again writes the same records and no others, also those without an id", async () => {
  await using lab = await WorkerLab.open();
  const { state, target } = service();
  state.away = 1;
  const worker = lab.worker([importRecords], { service: target });
  worker.start();
  const file = await upload(lab, worker, `{"value":1}\n\n{"value":2}\n`);
  const id = await lab.send(worker, { task: "import", file });
  const done = await lab.until(worker, id, ["succeeded"]);
  assertEquals([done.attempt, Object(done.result).replaced], [2, 2]);
  assertEquals([...state.records.keys()], [`import-${id}-1`, `import-${id}-3`]);
});

Deno.test("import names the lines that were not taken", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([importRecords], { service: service().target });
  worker.start();
  const file = await upload(lab, worker, `{"id":"a","value":1}\nnonsense\n`);
  const { result } = await lab.until(worker, await lab.send(worker, { task: "import", file }), ["succeeded"]);
  const { created, failed, failures } = Object(result);
  assertEquals([created, failed, failures], [1, 1, [{ line: 2, status: 400, detail: "no JSON" }]]);
});

Deno.test("import fails at once when there is no such file", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([importRecords], { service: service().target });
  worker.start();
  const failed = await lab.until(worker, await lab.send(worker, { task: "import", file: "none" }), [
    "failed",
  ]);
  assertEquals([failed.attempt, Object(failed.error).message], [1, "There is no uploaded file none"]);
});
