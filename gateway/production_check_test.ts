import { assertEquals } from "@std/assert";
import { productionProblems } from "./production_check.ts";

const SAFE = {
  FLOTILLA_ENV: "production",
  FLOTILLA_INTERNAL_KEY: "8f2c1f0a-6f0e-4c8e-9d5c-3f6f1f0a6f0e",
  DENO_KV_ACCESS_TOKEN: "3b1d7c52-0d6c-4a8f-8f2c-1f0a6f0e4c8e",
};
const SHARED = { database: "http://database:5005", limits: "http://cache:5006", corsOrigin: [] };

Deno.test("productionProblems() names each default that is left, and there are none when all is set", () => {
  const nothing = { database: undefined, limits: ":memory:", corsOrigin: ["*"] };
  const found = productionProblems(nothing, { FLOTILLA_ENV: "production" });
  for (
    const name of ["FLOTILLA_INTERNAL_KEY", "DENO_KV_ACCESS_TOKEN", "--database", "--limits", "--cors-origin"]
  ) {
    assertEquals(found.filter((problem) => problem.includes(name)).length, 1, name);
  }
  assertEquals(productionProblems(SHARED, SAFE), []);
});

Deno.test("productionProblems() refuses the development key, which everybody knows", () => {
  const environment = { ...SAFE, FLOTILLA_INTERNAL_KEY: "flotilla-development-internal-key-0000" };
  assertEquals(productionProblems(SHARED, environment).length, 1);
});

Deno.test("productionProblems() lets everything pass in development", () => {
  assertEquals(productionProblems({ database: undefined, limits: undefined, corsOrigin: ["*"] }, {}), []);
});
