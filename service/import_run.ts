import type { Principal } from "@flotilla/auth/verify";
import { ProblemError } from "@flotilla/runtime";
import { z } from "zod";
import { requireChange, requireManage } from "./access.ts";
import { CommitFullError, type Draft, type RecordContent } from "./draft.ts";
import { inBatches, type Line } from "./json_lines.ts";
import { alive, type StoredRecord } from "./record.ts";
import { makeRecordId } from "./record_id.ts";
import { createSchema, newContent, replacedContent, saysScope } from "./record_input.ts";
import type { RecordWriter } from "./record_writer.ts";
import { parseJson, requireShape } from "./request_body.ts";

/** What became of the lines so far. */
export interface ImportTally {
  lines: number;
  created: number;
  replaced: number;
  skipped: number;
  failed: number;
  /** The first lines that failed. */
  failures: { line: number; status: number; detail: string }[];
}

/** Lines of one commit: a commit takes 250 changes and 700,000 bytes. */
const BATCH = { count: 100, length: 262_144 };
/** Commits that wait in the writer, so that it never waits for the next lines. */
const MAX_UNDER_WAY = 4;
const MAX_FAILURES = 100;

const timeSchema = z.iso.datetime({ offset: true });
/** What an exported record has beside what a client says of a new one. */
const importSchema = createSchema.extend({
  owner: z.string().min(1).max(64).optional(),
  created: timeSchema.optional(),
  updated: timeSchema.optional(),
  version: z.number().optional(),
});

interface Entry {
  readonly line: number;
  readonly id: string;
  readonly input: z.infer<typeof importSchema>;
}

type Outcome = "created" | "replaced" | "skipped" | { readonly line: number; readonly problem: ProblemError };

/** One import: takes lines, writes records, keeps count. */
export class ImportRun {
  readonly tally: ImportTally = { lines: 0, created: 0, replaced: 0, skipped: 0, failed: 0, failures: [] };
  readonly #writer: RecordWriter;
  readonly #principal: Principal;
  readonly #skipExisting: boolean;
  readonly #now: () => number;

  constructor(
    writer: RecordWriter,
    principal: Principal,
    options: { skipExisting: boolean; now: () => number },
  ) {
    this.#writer = writer;
    this.#principal = principal;
    this.#skipExisting = options.skipExisting;
    this.#now = options.now;
  }

  /** Takes all lines. */
  async take(lines: AsyncIterable<Line>): Promise<void> {
    for await (const _tally of this.steps(lines, Infinity)) { /* nobody wants to know */ }
  }

  /** Takes all lines, and tells how far it is after about every `reportLines` of them. */
  async *steps(lines: AsyncIterable<Line>, reportLines: number): AsyncGenerator<ImportTally> {
    const underWay: Promise<void>[] = [];
    let reported = 0;
    try {
      for await (const batch of inBatches(lines, BATCH)) {
        underWay.push(settledLater(this.#write(this.#parse(batch))));
        if (underWay.length === MAX_UNDER_WAY) await underWay.shift();
        if (this.tally.lines - reported < reportLines) continue;
        reported = this.tally.lines;
        yield this.tally;
      }
    } finally {
      await Promise.all(underWay);
    }
  }

  #parse(lines: readonly Line[]): Entry[] {
    return lines.flatMap(({ number: line, text }) => {
      try {
        const input = requireShape(importSchema, parseJson(text));
        return [{ line, id: input.id ?? makeRecordId(this.#now()), input }];
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        this.#count({ line, problem: error });
        return [];
      }
    });
  }

  async #write(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    try {
      const outcomes = await this.#writer.write({
        ids: [...new Set(entries.map(({ id }) => id))],
        decide: (draft) => entries.map((entry) => this.#decide(draft, entry)),
      });
      for (const outcome of outcomes) this.#count(outcome);
    } catch (error) {
      const tooLarge = error instanceof ProblemError && error.cause instanceof CommitFullError;
      if (!tooLarge || entries.length === 1) throw error;
      const middle = entries.length >> 1;
      await this.#write(entries.slice(0, middle));
      await this.#write(entries.slice(middle));
    }
  }

  #decide(draft: Draft, { line, id, input }: Entry): Outcome {
    try {
      const before = draft.read(id);
      if (before !== undefined && this.#skipExisting) return "skipped";
      if (before !== undefined) requireChange(this.#principal, id, before);
      const expires = input.expires === undefined ? undefined : Date.parse(input.expires);
      if (alive({ ...(expires === undefined ? {} : { expires }) }, draft.now) === undefined) return "skipped";
      draft.put(id, this.#content(draft.now, { id, input, before }));
      return before === undefined ? "created" : "replaced";
    } catch (problem) {
      if (problem instanceof ProblemError) return { line, problem };
      throw problem;
    }
  }

  /** An admin restores whose the records were; anybody else's import is their own. */
  #content(
    now: number,
    { id, input, before }: { id: string; input: Entry["input"]; before: StoredRecord | undefined },
  ): RecordContent {
    const { owner, created, ...rest } = input;
    if (before !== undefined && saysScope(rest)) requireManage(this.#principal, id, before);
    const content = before === undefined
      ? newContent(this.#principal, rest, now)
      : replacedContent(before, rest, now);
    if (this.#principal.role !== "admin") return content;
    return {
      ...content,
      ...(owner === undefined ? {} : { owner }),
      ...(created === undefined ? {} : { created: Date.parse(created) }),
    };
  }

  #count(outcome: Outcome): void {
    this.tally.lines++;
    if (typeof outcome === "string") {
      this.tally[outcome]++;
      return;
    }
    this.tally.failed++;
    const { line, problem: { status, message: detail } } = outcome;
    if (this.tally.failures.length < MAX_FAILURES) this.tally.failures.push({ line, status, detail });
  }
}

/** The same promise, whose rejection is looked at later than it may come. */
function settledLater(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
