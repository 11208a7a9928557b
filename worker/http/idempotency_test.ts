import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { ProblemError } from "@flotilla/runtime";
import { z } from "zod";
import { defineTask } from "../engine/define_task.ts";
import { principal, WorkerLab } from "../testing/worker_lab.ts";
import { START } from "../testing/tasks.ts";
import { fingerprint, IDEMPOTENCY_LIFE, idempotencyKey, lookUpIdempotency } from "./idempotency.ts";

const echo = defineTask({ name: "echo", input: z.looseObject({}), run: () => Promise.resolve() });
const key = (value: string) => new Request("http://x", { headers: { "idempotency-key": value } });

Deno.test("POST /longtask with the same key and body gives the same answer, and makes one task", async () => {
  await using lab = await WorkerLab.open();
  const workers = [lab.worker([echo]), lab.worker([echo])] as const;
  const headers = { "idempotency-key": '"k-1"' };
  const first = await lab.send(workers[0], { task: "echo", a: 1, b: 2 }, { headers });
  const again = await lab.send(workers[1], { b: 2, task: "echo", a: 1 }, {
    headers: { "idempotency-key": "k-1" },
  });
  assertEquals(again, first);
  const other = await lab.send(workers[0], { task: "echo", a: 1, b: 2 }, { headers, as: principal("bob") });
  assertNotEquals(other, first);
  const { tasks } = await (await lab.call(workers[0], "/longtask")).json();
  assertEquals(tasks.length, 1);
});

Deno.test("POST /longtask with the same key at the same moment makes one task", async () => {
  await using lab = await WorkerLab.open();
  const workers = [lab.worker([echo]), lab.worker([echo])] as const;
  const headers = { "idempotency-key": '"k-1"' };
  const ids = await Promise.all(
    Array.from(
      { length: 8 },
      (_, index) => lab.send(workers[index % 2 === 0 ? 0 : 1], { task: "echo" }, { headers }),
    ),
  );
  assertEquals(new Set(ids).size, 1);
});

Deno.test("POST /longtask with the same key and another body is refused with 422", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  const init = { method: "POST", headers: { "idempotency-key": '"k-1"' } };
  await lab.send(worker, { task: "echo", a: 1 }, init);
  const response = await lab.call(worker, "/longtask", {
    ...init,
    body: JSON.stringify({ task: "echo", a: 2 }),
  });
  await response.body?.cancel();
  assertEquals(response.status, 422);
});

Deno.test("lookUpIdempotency() forgets a key after its life, though it is there still", async () => {
  using kv = await Deno.openKv(":memory:");
  const record = { id: "t", fingerprint: "f", expires: START + IDEMPOTENCY_LIFE };
  await kv.set(["idempotency", "alice", "k"], record);
  const look = (now: number) => lookUpIdempotency(kv, { owner: "alice", key: "k", fingerprint: "f", now });
  assertEquals(await look(START + IDEMPOTENCY_LIFE - 1), { kind: "repeated", id: "t" });
  const forgotten = await look(START + IDEMPOTENCY_LIFE);
  assertEquals(forgotten.kind === "first" && forgotten.check.versionstamp !== null, true);
});

Deno.test("idempotencyKey() takes a quoted string, and one without quotes", () => {
  assertEquals(idempotencyKey(key('"8e03978e-40d5"')), "8e03978e-40d5");
  assertEquals(idempotencyKey(key("8e03978e-40d5")), "8e03978e-40d5");
  assertEquals(idempotencyKey(key('"a \\"b\\""')), 'a "b"');
  assertEquals(idempotencyKey(new Request("http://x")), undefined);
});

Deno.test("idempotencyKey() refuses what is no such string", () => {
  for (const field of ["", '"', '""', "a b", `"${"x".repeat(256)}"`, '"a", "b"']) {
    assertThrows(() => idempotencyKey(key(field)), ProblemError, "quoted string");
  }
});

Deno.test("fingerprint() does not depend on the order of members, but on everything else", async () => {
  assertEquals(await fingerprint({ a: 1, b: { c: [1, 2] } }), await fingerprint({ b: { c: [1, 2] }, a: 1 }));
  const others = await Promise.all(
    [{ a: [1, 2] }, { a: [2, 1] }, { a: "1" }, { a: 1 }, {}, { a: null }].map(fingerprint),
  );
  assertEquals(new Set(others).size, 6);
});
