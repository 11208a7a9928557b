import { assertEquals, assertLess } from "@std/assert";
import { testTask } from "../testing/tasks.ts";
import { decodeRecord, encodeRecord } from "./task_record.ts";
import type { Task } from "./task_state.ts";

const waiting = testTask({ id: "01a2169e-f808-7de0-9572-38ee4e3fe818" });
const tried: Task = {
  ...waiting,
  priority: -3,
  updated: waiting.created + 5,
  attempt: 2,
  failures: 1,
  losses: 1,
  progress: { fraction: 0, note: "about to begin" },
  input: { text: "äöü €", list: [null, 1] },
};

for (const [name, task] of Object.entries({ waiting, tried })) {
  Deno.test(`decodeRecord() gives back what encodeRecord() was given: a task ${name}`, () => {
    const record = { task, write: "writer.1" };
    assertEquals(decodeRecord(encodeRecord(record)), record);
  });
}

Deno.test("encodeRecord() leaves out what most tasks have, and decodeRecord() reads records that have it", () => {
  const whole = new TextEncoder().encode(JSON.stringify({ task: waiting, write: "writer.1" }));
  assertLess(encodeRecord({ task: waiting, write: "writer.1" }).length, whole.length - 90);
  assertEquals(decodeRecord(whole), { task: waiting, write: "writer.1" });
});

Deno.test("decodeRecord() takes nothing but bytes for a record", () => {
  assertEquals(decodeRecord(0), undefined);
  assertEquals(decodeRecord(null), undefined);
});
