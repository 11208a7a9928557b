import { assert, assertEquals } from "@std/assert";
import { type CallInit, type ServicePair, startPair, userNamed } from "./service_fixture.ts";

const JSONL = { "content-type": "application/jsonl" };

const importLines = (pair: ServicePair, lines: unknown[], init: CallInit & { query?: string } = {}) =>
  pair.call(pair.one, `/data/import${init.query ?? ""}`, {
    ...init,
    body: lines.map((line) => typeof line === "string" ? line : JSON.stringify(line)).join("\n"),
    headers: { ...JSONL, ...init.headers },
  });

const exportText = async (pair: ServicePair, path = "/data/export", init: CallInit = {}) =>
  await (await pair.call(pair.two, path, init)).text();

Deno.test("GET /data/export gives every record a line, and POST /data/import takes them back", async () => {
  await using from = await startPair();
  await importLines(
    from,
    Array.from({ length: 250 }, (_, n) => ({ id: `r${n}`, value: { n }, access: "private" })),
    {
      as: userNamed("ann"),
    },
  );
  const text = await exportText(from);
  assertEquals(text.trimEnd().split("\n").length, 251);
  await using to = await startPair();
  const answer = await importLines(to, [text]);
  assertEquals(await answer.json(), {
    lines: 251,
    created: 250,
    replaced: 1,
    skipped: 0,
    failed: 0,
    failures: [],
  });
  const strip = (lines: string) => lines.replaceAll(/"version":\d+/g, "");
  assertEquals(strip(await exportText(to)), strip(text));
});

Deno.test("GET /data/export gives only what begins with ?prefix and what the caller may see", async () => {
  await using pair = await startPair();
  await importLines(pair, [{ id: "a1", value: 1 }, { id: "a2", value: 2, access: "private" }, {
    id: "b",
    value: 3,
  }], {
    as: userNamed("ann"),
  });
  const as = userNamed("bob");
  const ids = (text: string) => text.trimEnd().split("\n").map((line) => JSON.parse(line).id);
  assertEquals(ids(await exportText(pair, "/data/export?prefix=a", { as })), ["a1"]);
  assertEquals(ids(await exportText(pair, "/data/export", { as })), ["a1", "b", "welcome"]);
});

Deno.test("GET /data/export reads the database no faster than its reader takes the lines", async () => {
  let listed = 0;
  async function* counted(entries: AsyncIterable<Deno.KvEntry<unknown>>) {
    for await (const entry of entries) {
      listed++;
      yield entry;
    }
  }
  const wrapDatabase = (kv: Deno.Kv) =>
    new Proxy(kv, {
      get(target, name) {
        if (name === "list") return (...args: Parameters<Deno.Kv["list"]>) => counted(target.list(...args));
        const own: unknown = Reflect.get(target, name, target);
        return typeof own === "function" ? own.bind(target) : own;
      },
    });
  await using pair = await startPair({ wrapDatabase });
  await importLines(
    pair,
    Array.from({ length: 2_000 }, (_, n) => ({ id: `r${n}`, value: "x".repeat(1_000) })),
  );
  await pair.call(pair.two, "/data/welcome");
  const before = listed;
  const reader = (await pair.call(pair.two, "/data/export")).body?.getReader();
  await reader?.read();
  assert(listed - before < 1_000, `${listed - before} records were read for the first part`);
  while (!(await reader?.read())?.done) { /* to the end */ }
  assertEquals(listed - before, 2_001);
});

Deno.test("POST /data/import names the lines it cannot take, and takes the others", async () => {
  await using pair = await startPair();
  const answer = await importLines(pair, [
    { id: "a", value: 1 },
    "{ no json",
    { id: "a/b", value: 1 },
    "",
    { id: "big", value: "x".repeat(70_000) },
    { id: "welcome", value: "not mine" },
    { id: "old", value: 1, expires: "2020-01-01T00:00:00Z" },
    { id: "b", value: 2 },
  ], { as: userNamed("ann") });
  const { failures, ...tally } = await answer.json();
  assertEquals(tally, { lines: 7, created: 2, replaced: 0, skipped: 1, failed: 4 });
  const byLine = failures.toSorted((one: { line: number }, other: { line: number }) => one.line - other.line);
  assertEquals(byLine.map(({ line, status }: { line: number; status: number }) => [line, status]), [
    [2, 400],
    [3, 422],
    [5, 413],
    [6, 403],
  ]);
});

Deno.test("POST /data/import with ?existing=skip leaves what stands", async () => {
  await using pair = await startPair();
  const answer = await importLines(pair, [{ id: "welcome", value: 1 }, { id: "a", value: 1 }], {
    query: "?existing=skip",
  });
  const { created, skipped } = await answer.json();
  assertEquals({ created, skipped }, { created: 1, skipped: 1 });
  assertEquals(typeof (await (await pair.call(pair.one, "/data/welcome")).json()).data.value, "object");
});

Deno.test("POST /data/import lets admins alone say whose a record is", async () => {
  await using pair = await startPair();
  const line = (id: string) => ({ id, value: 1, owner: "carl", created: "2020-01-01T00:00:00.000Z" });
  await importLines(pair, [line("by-admin")]);
  await importLines(pair, [line("by-ann")], { as: userNamed("ann") });
  const owner = async (id: string) => (await (await pair.call(pair.one, `/data/${id}`)).json()).data.owner;
  assertEquals([await owner("by-admin"), await owner("by-ann")], ["carl", "ann"]);
});

Deno.test("POST /data/import tells its progress line by line when that is accepted", async () => {
  await using pair = await startPair();
  const lines = Array.from({ length: 2_500 }, (_, n) => ({ id: `r${n}`, value: n }));
  const answer = await importLines(pair, lines, { headers: { accept: "application/jsonl" } });
  const reports = (await answer.text()).trimEnd().split("\n").map((line) => JSON.parse(line));
  assert(reports.length >= 2);
  const last = reports.pop();
  assertEquals([last.state, last.lines, last.created], ["done", 2_500, 2_500]);
  assert(reports.every((report) => report.state === "running" && report.lines < 2_500));
});

Deno.test("POST /data/import keeps the last of several lines with one id", async () => {
  await using pair = await startPair();
  await importLines(pair, Array.from({ length: 500 }, (_, n) => ({ id: "a", value: n })));
  assertEquals((await (await pair.call(pair.two, "/data/a")).json()).data.value, 499);
});

Deno.test("POST /data/import takes lines that are large together", async () => {
  await using pair = await startPair();
  const lines = Array.from({ length: 60 }, (_, n) => ({ id: `r${n}`, value: "x".repeat(60_000) }));
  const { created } = await (await importLines(pair, lines)).json();
  assertEquals(created, 60);
});

Deno.test("POST /data/import refuses another type and a line without end, telling what was imported", async () => {
  await using pair = await startPair();
  assertEquals((await importLines(pair, ["x"], { headers: { "content-type": "text/csv" } })).status, 415);
  const answer = await importLines(pair, [{ id: "a", value: 1 }, "x".repeat(300_000)]);
  assertEquals(answer.status, 413);
  const { line, imported } = await answer.json();
  assertEquals([line, typeof imported.created], [2, "number"]);
});

Deno.test("POST /data/import takes lines no faster than it can write them", async () => {
  await using pair = await startPair();
  let pulled = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const number = pulled++;
      if (number === 400) return controller.close();
      const lines = Array.from(
        { length: 50 },
        (_, n) => `{"id":"r${number}-${n}","value":"${"x".repeat(200)}"}\n`,
      );
      controller.enqueue(new TextEncoder().encode(lines.join("")));
    },
  }, { highWaterMark: 0 });
  const response = await pair.stream(pair.one, "/data/import", {
    body,
    headers: { ...JSONL, accept: "application/jsonl" },
  });
  const reader = response.body?.getReader();
  await reader?.read();
  assert(pulled < 200, `${pulled} parts were pulled before the first report was taken`);
  while (!(await reader?.read())?.done) { /* to the end */ }
  assertEquals(pulled, 401);
});
