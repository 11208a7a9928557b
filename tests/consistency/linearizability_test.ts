import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Operation, Outcome, Version } from "./history.ts";
import { checkLinearizable } from "./linearizability.ts";
import { ABSENT, type State, step } from "./register.ts";

/** An operation from a few words: `op("a", [0, 2], "put x", "written 1")`. */
function op(client: string, [start, end]: [number, number], asked: string, answered: string): Operation {
  const [kind = "", ...words] = asked.split(" ");
  const at = /if at (\d+)/.exec(asked)?.[1];
  const condition = asked.includes("if absent")
    ? { condition: { kind: "absent" as const } }
    : at === undefined
    ? {}
    : { condition: { kind: "version" as const, version: Number(at) } };
  const call = kind === "put"
    ? { kind: "put" as const, token: words[0] ?? "", ...condition }
    : kind === "delete"
    ? { kind: "delete" as const, ...condition }
    : { kind: "read" as const };
  return { client, key: "k", call, outcome: outcome(answered), start, end };
}

function outcome(text: string): Outcome {
  const [kind = "", version, token = ""] = text.split(" ");
  switch (kind) {
    case "found":
      return { kind, version: Number(version), token };
    case "written":
    case "superseded":
      return { kind, version: Number(version) };
    case "absent":
    case "deleted":
    case "refused":
      return { kind };
    default:
      return { kind: "unknown" };
  }
}

const verdict = (...operations: Operation[]) => checkLinearizable(operations).kind;

/** What one order explains. */
const EXPLAINED: Record<string, Operation[]> = {
  "nothing at all": [],
  "a write and a read after it": [
    op("a", [0, 1], "put x", "written 1"),
    op("b", [2, 3], "read", "found 1 x"),
  ],
  "a read during a write that saw it, and one that did not": [
    op("a", [0, 10], "put x", "written 1"),
    op("b", [1, 2], "read", "absent"),
    op("c", [3, 4], "read", "found 1 x"),
  ],
  "a write without an answer that was seen": [
    op("a", [0, 1], "put x", "unknown"),
    op("b", [2, 3], "read", "found 1 x"),
  ],
  "a write without an answer whose version only a read that may be out of date has told": [
    op("a", [0, 1], "put x", "unknown"),
    op("b", [2, 3], "delete if at 1", "deleted"),
    op("c", [4, 5], "read", "absent"),
    { ...op("d", [6, 7], "read", "found 1 x"), maxStale: 20 },
  ],
  "a write without an answer that was never seen": [
    op("a", [0, 1], "put x", "unknown"),
    op("b", [2, 3], "read", "absent"),
  ],
  "a write without an answer that took effect late": [
    op("a", [0, 1], "put x", "unknown"),
    op("b", [2, 3], "read", "absent"),
    op("b", [4, 5], "read", "found 1 x"),
  ],
  "a delete and a write again": [
    op("a", [0, 1], "put x", "written 1"),
    op("a", [2, 3], "delete if at 1", "deleted"),
    op("b", [4, 5], "put y if absent", "written 3"),
    op("a", [6, 7], "delete if at 1", "refused"),
  ],
  "two that compare and set at once, one of which is refused": [
    op("a", [0, 1], "put x", "written 1"),
    op("b", [2, 5], "put y if at 1", "written 2"),
    op("c", [2, 5], "put z if at 1", "refused"),
  ],
};

for (const [what, operations] of Object.entries(EXPLAINED)) {
  Deno.test(`checkLinearizable() explains ${what}`, () =>
    assertEquals(verdict(...operations), "linearizable"));
}

/** What no order explains. */
const UNEXPLAINED: Record<string, Operation[]> = {
  "a read that misses a write before it": [
    op("a", [0, 1], "put x", "written 1"),
    op("b", [2, 3], "read", "absent"),
  ],
  "reads that go back": [
    op("a", [0, 1], "put x", "written 1"),
    op("a", [2, 9], "put y", "written 2"),
    op("b", [3, 4], "read", "found 2 y"),
    op("c", [5, 6], "read", "found 1 x"),
  ],
  "a value that nobody wrote": [op("a", [0, 1], "read", "found 1 x")],
  "a value seen before it was written": [
    op("a", [0, 1], "read", "found 1 x"),
    op("b", [2, 3], "put x", "written 1"),
  ],
  "two that compare and set with the same version": [
    op("a", [0, 1], "put x", "written 1"),
    op("b", [2, 5], "put y if at 1", "written 2"),
    op("c", [2, 5], "put z if at 1", "written 3"),
  ],
  "a lost update": [
    op("a", [0, 1], "put x", "written 1"),
    op("b", [2, 3], "put y", "written 2"),
    op("a", [4, 5], "read", "found 1 x"),
  ],
  "a write that was refused for no reason": [
    op("a", [0, 1], "put x", "written 1"),
    op("a", [2, 3], "put y if at 1", "refused"),
  ],
  "a record that vanished": [
    op("a", [0, 1], "put x", "written 1"),
    op("a", [2, 3], "delete", "absent"),
  ],
  "a refused write that was seen": [
    op("a", [0, 1], "put x", "written 1"),
    op("b", [2, 3], "put y if at 7", "refused"),
    op("c", [4, 5], "read", "found 2 y"),
  ],
  "a deleted record that is read": [
    op("a", [0, 1], "put x", "written 1"),
    op("a", [2, 3], "delete", "deleted"),
    op("a", [4, 5], "read", "found 1 x"),
  ],
  "one write that took effect twice": [
    op("a", [0, 1], "put x", "unknown"),
    op("b", [2, 3], "read", "found 1 x"),
    op("b", [4, 5], "put y", "written 2"),
    op("b", [6, 7], "read", "found 1 x"),
  ],
};

for (const [what, operations] of Object.entries(UNEXPLAINED)) {
  Deno.test(`checkLinearizable() does not explain ${what}`, () =>
    assertEquals(verdict(...operations), "violation"));
}

Deno.test("checkLinearizable() tells how far it came and what is left", () => {
  const [write, miss] = [op("a", [0, 1], "put x", "written 1"), op("b", [2, 3], "read", "absent")];
  assertEquals(checkLinearizable([write, miss]), { kind: "violation", explained: [write], stuck: [miss] });
});

Deno.test("checkLinearizable() gives up after as many steps as it may make", () => {
  const operations = [op("a", [0, 1], "put x", "written 1"), op("b", [2, 3], "read", "absent")];
  assertEquals(checkLinearizable(operations, { maxSteps: 1 }), { kind: "undecided", steps: 1 });
});

/** By trying every order. */
function explainedByBruteForce(operations: readonly Operation[]): boolean {
  const versions = new Map<string, Version>();
  for (const { call, outcome } of operations) {
    if (outcome.kind === "found") versions.set(outcome.token, outcome.version);
    if (call.kind === "put" && outcome.kind === "written") versions.set(call.token, outcome.version);
  }
  const search = (left: readonly Operation[], state: State): boolean =>
    left.every(({ outcome }) => outcome.kind === "unknown") ||
    left.some((operation) => {
      const first = left.every((other) => other.outcome.kind === "unknown" || other.end >= operation.start);
      const next = first ? step(state, operation, versions) : undefined;
      return next !== undefined && search(left.filter((other) => other !== operation), next);
    });
  return search(operations, ABSENT);
}

const operationArbitrary = fc.record({
  start: fc.integer({ min: 0, max: 12 }),
  length: fc.integer({ min: 1, max: 6 }),
  asked: fc.constantFrom("read", "read", "put", "put if at 1", "put if absent", "delete", "delete if at 2"),
  answered: fc.constantFrom("yes", "yes", "yes", "no", "unknown"),
  version: fc.integer({ min: 1, max: 3 }),
});

Deno.test("checkLinearizable() agrees with trying every order", () => {
  const seen = { linearizable: 0, violation: 0, undecided: 0 };
  fc.assert(
    fc.property(fc.array(operationArbitrary, { minLength: 1, maxLength: 6 }), (choices) => {
      const operations = choices.map(({ start, length, asked, answered, version }, index) => {
        const [kind, ...condition] = asked.split(" ");
        const yes = {
          read: `found ${version} t${version}`,
          put: `written ${index + 1}`,
          delete: "deleted",
        }[kind ?? ""];
        const no = kind === "put" ? "refused" : "absent";
        const asks = kind === "put" ? ["put", `t${index + 1}`, ...condition].join(" ") : asked;
        const answer = answered === "yes" ? yes : answered === "no" ? no : "unknown";
        return op(`c${index}`, [start, start + length + 0.5], asks, answer ?? "");
      });
      const { kind } = checkLinearizable(operations);
      seen[kind]++;
      assertEquals(kind === "linearizable", explainedByBruteForce(operations));
    }),
    { numRuns: 3_000, seed: 7 },
  );
  assertEquals([seen.linearizable > 100, seen.violation > 100, seen.undecided], [true, true, 0]);
});
