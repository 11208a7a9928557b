import { ProblemError } from "@flotilla/runtime";
import { assertEquals, assertThrows } from "@std/assert";
import { applyJsonPatch, jsonPatchSchema } from "./json_patch.ts";

const apply = (document: unknown, patch: unknown) => applyJsonPatch(document, jsonPatchSchema.parse(patch));

/** RFC 6902, appendix A, by section. */
const WORKS: Record<string, [document: unknown, patch: unknown, result: unknown]> = {
  "A.1 adding a member": [{ foo: "bar" }, [{ op: "add", path: "/baz", value: "qux" }], {
    baz: "qux",
    foo: "bar",
  }],
  "A.2 adding an element": [{ foo: ["bar", "baz"] }, [{ op: "add", path: "/foo/1", value: "qux" }], {
    foo: ["bar", "qux", "baz"],
  }],
  "A.3 removing a member": [{ baz: "qux", foo: "bar" }, [{ op: "remove", path: "/baz" }], { foo: "bar" }],
  "A.4 removing an element": [{ foo: ["bar", "qux", "baz"] }, [{ op: "remove", path: "/foo/1" }], {
    foo: ["bar", "baz"],
  }],
  "A.5 replacing a value": [{ baz: "qux", foo: "bar" }, [{ op: "replace", path: "/baz", value: "boo" }], {
    baz: "boo",
    foo: "bar",
  }],
  "A.6 moving a value": [
    { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
    [{ op: "move", from: "/foo/waldo", path: "/qux/thud" }],
    { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } },
  ],
  "A.7 moving an element": [{ foo: ["all", "grass", "cows", "eat"] }, [{
    op: "move",
    from: "/foo/1",
    path: "/foo/3",
  }], {
    foo: ["all", "cows", "eat", "grass"],
  }],
  "A.8 testing a value": [{ baz: "qux", foo: ["a", 2, "c"] }, [
    { op: "test", path: "/baz", value: "qux" },
    { op: "test", path: "/foo/1", value: 2 },
  ], { baz: "qux", foo: ["a", 2, "c"] }],
  "A.10 adding a nested object": [
    { foo: "bar" },
    [{ op: "add", path: "/child", value: { grandchild: {} } }],
    {
      foo: "bar",
      child: { grandchild: {} },
    },
  ],
  "A.11 ignoring unknown members": [{ foo: "bar" }, [{ op: "add", path: "/baz", value: "qux", xyz: 123 }], {
    foo: "bar",
    baz: "qux",
  }],
  "A.14 escape ordering": [{ "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: 10 }], {
    "/": 9,
    "~1": 10,
  }],
  "A.16 adding an array at the end": [{ foo: ["bar"] }, [{
    op: "add",
    path: "/foo/-",
    value: ["abc", "def"],
  }], {
    foo: ["bar", ["abc", "def"]],
  }],
  "copying": [{ a: [1] }, [{ op: "copy", from: "/a/0", path: "/b" }], { a: [1], b: 1 }],
  "the whole": [{ a: 1 }, [{ op: "replace", path: "", value: [2] }], [2]],
};

for (const [name, [document, patch, result]] of Object.entries(WORKS)) {
  Deno.test(`applyJsonPatch() does RFC 6902, ${name}`, () => assertEquals(apply(document, patch), result));
}

/** Patches that do not fit. */
const FAILS: Record<string, [document: unknown, patch: unknown]> = {
  "A.9 a test that fails": [{ baz: "qux" }, [{ op: "test", path: "/baz", value: "bar" }]],
  "A.12 a target below nothing": [{ foo: "bar" }, [{ op: "add", path: "/baz/bat", value: "qux" }]],
  "A.15 a number compared with a text": [{ "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: "10" }]],
  "an index behind the end": [[1], [{ op: "add", path: "/2", value: 0 }]],
  "an index with a leading zero": [[1, 2], [{ op: "remove", path: "/01" }]],
  "removing behind the end": [[1], [{ op: "remove", path: "/1" }]],
  "replacing what is not there": [{}, [{ op: "replace", path: "/a", value: 1 }]],
  "moving into itself": [{ a: {} }, [{ op: "move", from: "/a", path: "/a/b" }]],
  "a member that only the prototype has": [{}, [{ op: "test", path: "/constructor", value: 1 }]],
};

for (const [name, [document, patch]] of Object.entries(FAILS)) {
  Deno.test(`applyJsonPatch() throws ProblemError 409 for ${name}`, () => {
    assertEquals(assertThrows(() => apply(document, patch), ProblemError).status, 409);
  });
}

Deno.test("applyJsonPatch() names the operation that does not fit", () => {
  const patch = [{ op: "add", path: "/a", value: 1 }, { op: "remove", path: "/b" }];
  assertThrows(
    () => apply({}, patch),
    ProblemError,
    'Operation 1 (remove) cannot be applied: nothing is at "b"',
  );
});

Deno.test("applyJsonPatch() leaves the document as it is", () => {
  const document = { a: [1, { b: 2 }] };
  apply(document, [{ op: "remove", path: "/a/1/b" }, { op: "add", path: "/a/0", value: 0 }]);
  assertEquals(document, { a: [1, { b: 2 }] });
});

Deno.test("jsonPatchSchema refuses what is no pointer and no operation", () => {
  for (
    const operation of [{ op: "add", path: "a", value: 1 }, { op: "add", path: "/~2", value: 1 }, {
      op: "add",
      path: "/a",
    }, { op: "spam", path: "/a" }]
  ) {
    assertEquals(jsonPatchSchema.safeParse([operation]).success, false);
  }
});
