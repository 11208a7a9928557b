import { assertEquals } from "@std/assert";
import { importViolations } from "./import_rules.ts";

function faults(file: string, source: string): string[] {
  return importViolations(file, source).map(({ line, specifier }) => `${line}: ${specifier}`);
}

Deno.test("importViolations() lets through what the design's arrows allow", () => {
  const source = `import { createRole } from "@flotilla/runtime";
import {
  createAssertionVerifier,
} from "@flotilla/auth/verify";
import { Hono } from "hono";
export { type A } from "./a.ts";
`;
  assertEquals(faults("service/records.ts", source), []);
});

Deno.test("importViolations() names a member that may not be imported", () => {
  assertEquals(faults("service/a.ts", `\nimport { x } from "@flotilla/store";\n`), ["2: @flotilla/store"]);
  assertEquals(faults("worker/a.ts", `import type { x } from "@flotilla/auth";\n`), ["1: @flotilla/auth"]);
  assertEquals(faults("runtime/a.ts", `export * from "@flotilla/balancer";\n`), ["1: @flotilla/balancer"]);
  assertEquals(faults("auth/a.ts", `const x = await import("@flotilla/worker");\n`), ["1: @flotilla/worker"]);
});

Deno.test("importViolations() names a relative path into another member", () => {
  assertEquals(faults("service/deep/a.ts", `import "../../runtime/mod.ts";\n`), ["1: ../../runtime/mod.ts"]);
  assertEquals(faults("service/deep/a.ts", `import "../mod.ts";\n`), []);
});

Deno.test("importViolations() keeps what is for tests out of the programs", () => {
  const source = `import { ManualClock } from "@flotilla/runtime/testing";\n`;
  assertEquals(faults("auth/a.ts", source), ["1: @flotilla/runtime/testing"]);
  assertEquals(faults("auth/a_test.ts", source), []);
});

Deno.test("importViolations() wants packages named in one place", () => {
  assertEquals(faults("auth/a.ts", `import { z } from "npm:zod@4";\n`), ["1: npm:zod@4"]);
});

Deno.test("importViolations() passes over imports in comments", () => {
  assertEquals(faults("store/a.ts", `/**\n * import { x } from "@flotilla/worker";\n */\n`), []);
});
