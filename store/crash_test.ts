import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import type { NamedKey } from "./atomic_write.ts";
import type { Effect } from "./plan.ts";
import { StorageFailure } from "./storage_failure.ts";
import { Table, type TableSize } from "./table.ts";
import { bytes } from "./testing/store_client.ts";

const ignore = (await Deno.permissions.query({ name: "write" })).state !== "granted" ||
  (await Deno.permissions.query({ name: "read" })).state !== "granted";

const NOW = Date.UTC(2026, 0, 1);
const QUOTA = 64 * 8_192;
/** So small that SQLite commits every few writes, and the log begins anew every few more. */
const REDO = { capacity: 24_000, commitEvery: 4_000 };

const key = (name: number) => ({ key: bytes(`key ${name}`), id: `key ${name}` });
const effect: fc.Arbitrary<Effect> = fc.oneof(
  { weight: 1, arbitrary: fc.nat(9).map((name) => ({ type: "remove" as const, ...key(name) })) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(9), fc.nat(1_500), fc.nat(255)).map(([name, size, fill]) => ({
      type: "put" as const,
      ...key(name),
      value: new Uint8Array(size).fill(fill),
      encoding: 3,
      expires: null,
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
  | { readonly do: "flush" | "kill" | "power cut" };

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
  { weight: 1, arbitrary: fc.constantFrom({ do: "kill" as const }, { do: "power cut" as const }) },
);

/** All that a table holds, as something to compare. */
function contentOf(table: Table): { entries: string[]; size: TableSize } {
  const range = { start: bytes("a"), end: bytes("z"), limit: 1_000, reverse: false };
  const entries = table.list(range, NOW)
    .map(({ key, value, version }) =>
      `${new TextDecoder().decode(key)} ${value.length} ${value[0]} ${version}`
    );
  return { entries, size: table.size };
}

/** A table on a disk that crashes are copies of, and what it held after each of its writes. */
class Lab implements Disposable {
  readonly #folder = Deno.makeTempDirSync();
  #lives = 0;
  table = this.#open();
  /** What it held, oldest first; those before the first one are not to be seen any more. */
  states = [contentOf(this.table)];

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

  async flush(): Promise<void> {
    const last = this.states.length - 1;
    await this.table.flush();
    this.states.splice(0, last);
  }

  /** Goes on with the files as they are at this moment; after a power cut without what SQLite has not flushed, its own log. */
  crash(power: boolean): void {
    const before = this.path();
    this.#lives++;
    Deno.mkdirSync(join(this.#folder, `${this.#lives}`), { recursive: true });
    for (const suffix of power ? ["", "-redo"] : ["", "-redo", "-wal"]) {
      Deno.copyFileSync(`${before}${suffix}`, `${this.path()}${suffix}`);
    }
    this.table[Symbol.dispose]();
    this.table = this.#open();
    const found = contentOf(this.table);
    const state = this.states.findIndex((state) => JSON.stringify(state) === JSON.stringify(found));
    assert(state >= 0, `None of the states since the last flush: ${JSON.stringify([found, this.states])}`);
    this.states = [found];
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
    return new Table({ path: this.path(), quota: QUOTA, redo: REDO }, NOW);
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
          if (step.do === "write") lab.write(step.effects, step.checked);
          else if (step.do === "fail") lab.fail(step.effects, step.checked);
          else if (step.do === "flush") await lab.flush();
          else lab.crash(step.do === "power cut");
        }
        lab.crash(true);
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
