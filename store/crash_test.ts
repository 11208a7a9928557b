import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import type { NamedKey } from "./atomic_write.ts";
import { DatabaseOpenError, type RedoOptions } from "./database_file.ts";
import type { Effect } from "./plan.ts";
import { StorageFailure } from "./storage_failure.ts";
import { Table } from "./table.ts";
import { bytes } from "./testing/store_client.ts";

const ignore = (await Deno.permissions.query({ name: "write" })).state !== "granted" ||
  (await Deno.permissions.query({ name: "read" })).state !== "granted";

const NOW = Date.UTC(2026, 0, 1);
const QUOTA = 64 * 8_192;
/** What a disk writes as a whole. */
const SECTOR = 512;
/** So small that SQLite commits every few writes, and the log begins anew every few more. */
const REDO = { capacity: 24_000, commitEvery: 4_000 };

const key = (name: number) => ({ key: bytes(`key ${name}`), id: `key ${name}` });
const expiry = fc.constantFrom(null, null, NOW);
const effect: fc.Arbitrary<Effect> = fc.oneof(
  { weight: 1, arbitrary: fc.nat(9).map((name) => ({ type: "remove" as const, ...key(name) })) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(9), fc.nat(1_500), fc.nat(255), expiry).map(([name, size, fill, expires]) => ({
      type: "put" as const,
      ...key(name),
      value: new Uint8Array(size).fill(fill),
      encoding: 3,
      expires,
    })),
  },
);
/** More than the quota has room for, after changes that fit. */
const tooMuch: fc.Arbitrary<Effect[]> = fc.array(effect, { maxLength: 3 }).map((effects) => [
  ...effects,
  ...Array.from({ length: 40 }, (_, name): Effect => ({
    type: "put",
    ...key(100 + name),
    value: new Uint8Array(20_000),
    encoding: 3,
    expires: null,
  })),
]);

type Step =
  | {
    readonly do: "write" | "fail";
    readonly effects: readonly Effect[];
    /** Keys that it looks at first. */
    readonly checked: readonly NamedKey[];
  }
  | { readonly do: "flush" | "flushed" | "sweep" | "kill" }
  | {
    readonly do: "power cut";
    /** Of the log's sectors that were written and not flushed, by turns, which the disk has. */
    readonly kept: readonly boolean[];
  };

const kept = fc.array(fc.boolean(), { minLength: 1, maxLength: 50 });
const checked = fc.uniqueArray(fc.nat(9)).map((names) => names.map(key));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      effects: fc.array(effect, { minLength: 1, maxLength: 4 }),
      checked,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fail" as const), effects: tooMuch, checked }) },
  { weight: 3, arbitrary: fc.constant({ do: "flush" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "flushed" as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ do: "sweep" as const }, { do: "kill" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("power cut" as const), kept }) },
);

/** The entries of a table that have not expired, as something to compare, once its size was found to be that of all it has. */
function contentOf(table: Table): string[] {
  const range = { start: bytes("a"), end: bytes("z"), limit: 1_000, reverse: false };
  const entries = table.list(range, 0);
  const sizes = entries.map(({ key, value }) => key.length + value.length);
  assertEquals(table.size, { rows: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) });
  return entries.filter(({ expires }) => expires === null || expires > NOW)
    .map(({ key, value, version }) =>
      `${new TextDecoder().decode(key)} ${value.length} ${value[0]} ${version}`
    );
}

/** A table on a disk that crashes are copies of, and what it held after each of its writes. */
class Lab implements Disposable {
  readonly #folder = Deno.makeTempDirSync();
  readonly #redo: RedoOptions;
  #lives = 0;
  /** What was in the log when it was last flushed. */
  #flushedLog = new Uint8Array();
  #flush: { done: Promise<void> | undefined; states: number; log: Uint8Array<ArrayBuffer> } | undefined;
  table: Table;
  /** What it held, oldest first; those before the first one are not to be seen any more. */
  states: string[][];

  constructor(redo: RedoOptions = REDO) {
    this.#redo = redo;
    this.table = this.#open();
    this.states = [contentOf(this.table)];
  }

  write(effects: readonly Effect[], checked: readonly NamedKey[] = []): void {
    this.table.transaction(() => {
      for (const key of checked) this.table.version(key, NOW);
      this.table.apply(effects);
    });
    this.states.push(contentOf(this.table));
  }

  fail(effects: readonly Effect[], checked: readonly NamedKey[]): void {
    const before = contentOf(this.table);
    try {
      this.write(effects, checked);
    } catch (error) {
      assert(error instanceof StorageFailure && error.kind === "full", String(error));
      return assertEquals(contentOf(this.table), before);
    }
    throw new Error("There was room for what should have been too much");
  }

  /** Begins a flush, unless one is under way. */
  flush(): void {
    if (this.#flush !== undefined) return;
    const done = this.table.flush();
    this.#flush = { done, states: this.states.length - 1, log: this.#log() };
  }

  /** Waits for the flush that is under way. */
  async flushed(): Promise<void> {
    if (this.#flush === undefined) return;
    const { done, states, log } = this.#flush;
    await done;
    this.states.splice(0, states);
    [this.#flush, this.#flushedLog] = [undefined, log];
  }

  /** Copies the files, and says where the copy is. */
  copy(suffixes = ["", "-wal", "-redo"]): string {
    const before = this.path();
    this.#lives++;
    Deno.mkdirSync(join(this.#folder, `${this.#lives}`), { recursive: true });
    for (const suffix of suffixes) Deno.copyFileSync(`${before}${suffix}`, `${this.path()}${suffix}`);
    return this.path();
  }

  /** Goes on with the files as they are at this moment. */
  kill(): void {
    this.copy();
    this.#reopen();
  }

  /** Goes on with what the disk has: of the log what was flushed and some of the rest, and nothing of SQLite's own log. */
  cutPower(kept: readonly boolean[]): void {
    const log = this.#log();
    for (let at = 0, sector = 0; at < log.length; at += SECTOR, sector++) {
      if (kept[sector % kept.length] === true) continue;
      log.fill(0, at, at + SECTOR).set(this.#flushedLog.subarray(at, at + SECTOR), at);
    }
    Deno.writeFileSync(`${this.copy([""])}-redo`, log);
    this.#reopen();
  }

  #reopen(): void {
    this.table[Symbol.dispose]();
    this.table = this.#open();
    const found = contentOf(this.table);
    const state = this.states.findIndex((state) => JSON.stringify(state) === JSON.stringify(found));
    assert(state >= 0, `None of the states since the last flush: ${JSON.stringify([found, this.states])}`);
    [this.states, this.#flush, this.#flushedLog] = [[found], undefined, this.#log()];
  }

  #log(): Uint8Array<ArrayBuffer> {
    return Deno.readFileSync(`${this.path()}-redo`);
  }

  [Symbol.dispose](): void {
    this.table[Symbol.dispose]();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  path(): string {
    return join(this.#folder, `${this.#lives}`, "database.sqlite");
  }

  #open(): Table {
    Deno.mkdirSync(join(this.#folder, `${this.#lives}`), { recursive: true });
    return new Table({ path: this.path(), quota: QUOTA, redo: this.#redo }, NOW);
  }
}

Deno.test(
  "Table holds all that was flushed after a kill or a power cut at any moment, writes as a whole and in order",
  {
    ignore,
  },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        using lab = new Lab();
        for (const step of steps) {
          if (step.do === "power cut") lab.cutPower(step.kept);
          else if (step.do === "write") lab.write(step.effects, step.checked);
          else if (step.do === "fail") lab.fail(step.effects, step.checked);
          else if (step.do === "flush") lab.flush();
          else if (step.do === "flushed") await lab.flushed();
          else if (step.do === "sweep") lab.table.transaction(() => lab.table.removeExpired(NOW, 2));
          else lab.kill();
        }
        lab.cutPower([false]);
      }),
      { numRuns: 60 },
    );
  },
);

Deno.test(
  "Table leaves no log behind when it is closed, and takes up one that was left, however durable it is to be",
  {
    ignore,
  },
  () => {
    using lab = new Lab();
    lab.write([{ type: "put", ...key(1), value: bytes("v"), encoding: 3, expires: null }]);
    void lab.table.flush();
    const folder = Deno.makeTempDirSync();
    for (const suffix of ["", "-redo"]) {
      Deno.copyFileSync(`${lab.path()}${suffix}`, join(folder, `copy.sqlite${suffix}`));
    }
    {
      using lax = new Table({ path: join(folder, "copy.sqlite"), synchronous: "off" }, NOW);
      assertEquals(lax.entry(key(1).key, NOW)?.value, bytes("v"));
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["copy.sqlite"]);
    Deno.removeSync(folder, { recursive: true });
  },
);

Deno.test("A table is not opened when nobody can tell whether it has a log, however durable it is to be", {
  ignore,
}, () => {
  const folder = Deno.makeTempDirSync();
  const path = join(folder, "database.sqlite");
  Deno.symlinkSync(`${path}-redo`, `${path}-redo`);
  for (const synchronous of ["full", "normal", "off"] as const) {
    assertThrows(() => new Table({ path, synchronous }, NOW), DatabaseOpenError, "its redo log cannot be");
  }
  Deno.removeSync(folder, { recursive: true });
});

const put = (name: number, expires: number | null = null): Effect => ({
  type: "put",
  ...key(name),
  value: new Uint8Array(20_000),
  encoding: 3,
  expires,
});

Deno.test("A log that cannot be done again stays as it is, and the next process does it", { ignore }, () => {
  using lab = new Lab();
  lab.write([put(1)]);
  void lab.table.flush();
  const path = lab.copy();
  using broken = new DatabaseSync(path);
  broken.exec("create trigger broken before insert on entries begin select raise(abort, 'broken'); end");
  broken.close();
  assertThrows(() => new Table({ path }, NOW), DatabaseOpenError, "broken");
  using mended = new DatabaseSync(path);
  mended.exec("drop trigger broken");
  mended.close();
  using table = new Table({ path }, NOW);
  assertEquals(table.size.rows, 1);
});

for (const then of ["a crash", "a write that fails"]) {
  Deno.test(
    `Writes in the room of what had expired are done again after ${then}, whatever the quota`,
    { ignore },
    () => {
      using lab = new Lab({});
      for (let name = 0; name < 20; name++) lab.write([put(name, NOW)]);
      lab.table.transaction(() => lab.table.removeExpired(NOW, 20));
      for (let name = 20; name < 40; name++) lab.write([put(name)]);
      lab.flush();
      if (then === "a crash") lab.kill();
      else lab.fail(Array.from({ length: 40 }, (_, name) => put(100 + name)), []);
      assertEquals([contentOf(lab.table).length, lab.table.size.rows], [20, 40]);
    },
  );
}
