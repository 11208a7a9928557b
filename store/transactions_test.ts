import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import type { AppliedWrite } from "./redo_frame.ts";
import { RedoLog } from "./redo_log.ts";
import { StorageFailure } from "./storage_failure.ts";
import { MemoryFile } from "./testing/memory_file.ts";
import { Transactions } from "./transactions.ts";

const NO_EFFECTS = { effects: [] } as const;

function fails(): never {
  throw new Error("no room");
}

function setUp(file: MemoryFile, repeat: (write: AppliedWrite) => void = () => {}) {
  const database = new DatabaseSync(":memory:");
  database.exec("create table meta (name text not null primary key, value any not null) strict");
  const redo = new RedoLog("log", file, { id: crypto.randomUUID(), version: 0 }, { capacity: 10_000 });
  const totals = { rows: 0, bytes: 0, ceiling: 0 };
  return {
    database,
    transactions: new Transactions({ database, redo, commitEvery: 1_000, version: 0, totals, repeat }),
  };
}

Deno.test("Transactions.recover() needs no room on the disk where nothing is to be done again", () => {
  const file = new MemoryFile();
  file.room = 0;
  const { transactions } = setUp(file);
  transactions.recover();
  const failure = assertThrows(
    () => transactions.run(() => transactions.add({ version: 1, ...NO_EFFECTS })),
    StorageFailure,
  );
  assertEquals(failure.kind, "full");
});

Deno.test("Transactions.run() does writes again once, however many transactions fail one after another", () => {
  const repeated: number[] = [];
  const { transactions } = setUp(new MemoryFile(), ({ version }) => repeated.push(version));
  transactions.recover();
  for (const version of [1, 2]) transactions.run(() => transactions.add({ version, ...NO_EFFECTS }));
  for (let round = 0; round < 3; round++) assertThrows(() => transactions.run(fails), StorageFailure);
  assertEquals(repeated, [1, 2]);
  transactions.run(() => transactions.add({ version: 3, ...NO_EFFECTS }));
  assertThrows(() => transactions.run(fails), StorageFailure);
  assertEquals(repeated, [1, 2, 3]);
});

Deno.test("Transactions.run() ends the process when writes cannot be done again, and until then commits nothing", async () => {
  const { promise: ended, resolve } = Promise.withResolvers<ErrorEvent>();
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    resolve(event);
  };
  addEventListener("error", onError);
  const file = new MemoryFile();
  const { database, transactions } = setUp(file, () => {
    throw new Error("input/output error");
  });
  transactions.run(() => transactions.add({ version: 1, ...NO_EFFECTS }));
  assertThrows(() => transactions.run(fails), StorageFailure, "no room");
  // As a committer does whose group has failed, before the process gets to end.
  let judged = false;
  assertThrows(() => transactions.run(() => judged = true), StorageFailure);
  assertEquals([judged, database.isOpen], [false, false]);
  assertEquals((await ended).message.includes("input/output error"), true);
  removeEventListener("error", onError);
});
