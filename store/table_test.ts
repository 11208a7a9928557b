import { assert, assertEquals, assertGreater, assertInstanceOf, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { DatabaseOpenError } from "./database_file.ts";
import { Table } from "./table.ts";
import { bytes } from "./testing/store_client.ts";

const canWrite = (await Deno.permissions.query({ name: "write" })).state === "granted" &&
  (await Deno.permissions.query({ name: "read" })).state === "granted";

const NOW = Date.UTC(2026, 0, 1);
const put = (key: string, value = "v") => ({
  type: "put" as const,
  key: bytes(key),
  id: key,
  value: bytes(value),
  encoding: 3,
  expires: null,
});

interface Folder extends Disposable {
  readonly path: string;
}

/** A file in a folder of its own, which goes when the test ends. */
function temporaryFile(): Folder {
  const folder = Deno.makeTempDirSync();
  return {
    path: join(folder, "database.sqlite"),
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

Deno.test("Table.apply() gives versions from the clock's microseconds on, without any file", () => {
  using table = new Table({ path: ":memory:" }, NOW);
  assertEquals(table.transaction(() => table.apply([put("a")])), NOW * 1_000 + 1);
  assertEquals(table.transaction(() => table.apply([put("a")])), NOW * 1_000 + 2);
});

Deno.test("Table.transaction() undoes everything when its work throws, also its sizes", () => {
  using table = new Table({ path: ":memory:" }, NOW);
  table.transaction(() => table.apply([put("a", "old")]));
  const { size } = table;
  assertThrows(() =>
    table.transaction(() => {
      table.apply([put("a", "longer"), put("b")]);
      throw new Error("no");
    })
  );
  assertEquals(table.size, size);
  assertEquals(table.entry(bytes("a"), NOW)?.value, bytes("old"));
  assertEquals(table.entry(bytes("b"), NOW), undefined);
});

Deno.test("Table.version() tells of no expired key, and sizes are right of keys that were looked at and then written, twice", () => {
  using table = new Table({ path: ":memory:" }, NOW);
  const [kept, gone, absent] = ["kept", "gone", "absent"].map((id) => ({ key: bytes(id), id }));
  assert(kept !== undefined && gone !== undefined && absent !== undefined);
  table.transaction(() => table.apply([put("kept", "1"), { ...put("gone", "12"), expires: NOW + 1 }]));
  const later = NOW + 1;
  table.transaction(() => {
    assertEquals([gone, absent].map((key) => table.version(key, later)), [undefined, undefined]);
    assertEquals(table.version(kept, later), NOW * 1_000 + 1);
    table.apply([put("kept", "123"), put("gone", "1234"), put("absent", "12345")]);
    table.apply([put("kept", "1"), { type: "remove", ...gone }]);
    assertEquals([table.version(kept, later), table.version(gone, later)], [NOW * 1_000 + 3, undefined]);
    table.apply([put("kept", "12"), put("gone"), { type: "remove", ...absent }]);
  });
  assertEquals(table.size, { rows: 2, bytes: "kept12".length + "gonev".length });
});

Deno.test("Table.apply() does not use a version again that a failed transaction had", () => {
  using table = new Table({ path: ":memory:" }, NOW);
  const failed = table.nextVersion;
  assertThrows(() =>
    table.transaction(() => {
      table.apply([put("a")]);
      throw new Error("no");
    })
  );
  assertGreater(table.transaction(() => table.apply([put("a")])), failed);
});

Deno.test("Table keeps its entries, its identity and its sizes when it is opened again", {
  ignore: !canWrite,
}, () => {
  using file = temporaryFile();
  const read = (table: Table) => ({ id: table.id, size: table.size, entry: table.entry(bytes("a"), NOW) });
  let before;
  {
    using table = new Table({ path: file.path }, NOW);
    table.transaction(() => table.apply([put("a"), put("b")]));
    before = read(table);
  }
  using table = new Table({ path: file.path }, NOW);
  assertEquals(read(table), before);
});

Deno.test("Table gives greater versions after it was opened again, also when the clock was set back", {
  ignore: !canWrite,
}, () => {
  using file = temporaryFile();
  let last = 0;
  for (const now of [NOW, NOW - 86_400_000, NOW - 1, NOW + 5_000, 0]) {
    using table = new Table({ path: file.path }, now);
    for (let n = 0; n < 3; n++) {
      const version = table.transaction(() => table.apply([put("a")]));
      assertGreater(version, last);
      last = version;
    }
  }
});

Deno.test("Table refuses a file that is open, and takes it when it was closed", { ignore: !canWrite }, () => {
  using file = temporaryFile();
  {
    using _table = new Table({ path: file.path }, NOW);
    assertThrows(() => new Table({ path: file.path }, NOW), DatabaseOpenError, "another process has it open");
  }
  using table = new Table({ path: file.path }, NOW);
  assertEquals(table.size.rows, 0);
});

Deno.test("Table refuses a file of another program, of another layout, and one that is no database", {
  ignore: !canWrite,
}, () => {
  using foreign = temporaryFile();
  const database = new DatabaseSync(foreign.path);
  database.exec("create table theirs (a)");
  database.close();
  assertThrows(
    () => new Table({ path: foreign.path }, NOW),
    DatabaseOpenError,
    "the file is of another program",
  );

  using later = temporaryFile();
  new Table({ path: later.path }, NOW)[Symbol.dispose]();
  const other = new DatabaseSync(later.path);
  other.exec("pragma user_version = 99");
  other.close();
  assertThrows(() => new Table({ path: later.path }, NOW), DatabaseOpenError, "its layout is 99");

  using text = temporaryFile();
  Deno.writeTextFileSync(text.path, "this is no database at all, but a text of some length\n".repeat(20));
  assertThrows(() => new Table({ path: text.path }, NOW), DatabaseOpenError, "not a database");

  using nowhere = temporaryFile();
  assertThrows(
    () => new Table({ path: join(nowhere.path, "no", "folder") }, NOW),
    DatabaseOpenError,
    "unable to open",
  );
});

Deno.test("Table refuses a quota that holds no database", () => {
  for (const quota of [0, -1, 1_000, NaN]) {
    assertThrows(() => new Table({ path: ":memory:", quota }, NOW), RangeError, `got ${quota}`);
  }
});

Deno.test("Table makes files that only their owner can read", { ignore: !canWrite }, () => {
  using file = temporaryFile();
  using table = new Table({ path: file.path }, NOW);
  table.transaction(() => table.apply([put("a")]));
  const modes = ["", "-wal", "-redo"].map((suffix) =>
    (Deno.statSync(`${file.path}${suffix}`).mode ?? 0) & 0o777
  );
  assertEquals(modes, [0o600, 0o600, 0o600]);
});

Deno.test(
  "Table flushes its log where commits are to be on the disk, on a new file and on one that was there",
  {
    ignore: !canWrite,
  },
  async () => {
    using file = temporaryFile();
    for (let time = 0; time < 2; time++) {
      using table = new Table({ path: file.path }, NOW);
      table.transaction(() => table.apply([put(`a${time}`)]));
      const flush = table.flush();
      assertInstanceOf(flush, Promise);
      await flush;
    }
    using lax = new Table({ path: file.path, synchronous: "normal" }, NOW);
    assertEquals(lax.flush(), undefined);
  },
);
