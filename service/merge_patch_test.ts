import { assertEquals } from "@std/assert";
import { mergePatch } from "./merge_patch.ts";

/** RFC 7396, appendix A. */
const CASES: [target: unknown, patch: unknown, result: unknown][] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [["a", "b"], ["c", "d"], ["c", "d"]],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

Deno.test("mergePatch() does what RFC 7396, appendix A shows", () => {
  for (const [target, patch, result] of CASES) assertEquals(mergePatch(target, patch), result);
});

Deno.test("mergePatch() takes __proto__ for a member like any other", () => {
  const result = mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}'));
  assertEquals(JSON.stringify(result), '{"__proto__":{"polluted":true}}');
  assertEquals(Object.getPrototypeOf(result), Object.prototype);
});

Deno.test("mergePatch() leaves its arguments as they are", () => {
  const target = { a: { b: 1 } };
  mergePatch(target, { a: { b: null, c: 2 } });
  assertEquals(target, { a: { b: 1 } });
});
