import { assertEquals } from "@std/assert";
import { productionProblems } from "./production.ts";

const FLOTILLA_ENV = "production";

Deno.test("productionProblems() names each secret that is missing", () => {
  assertEquals(productionProblems({ FLOTILLA_ENV }), [
    "Cannot start in production: DENO_KV_ACCESS_TOKEN is not set",
    "Cannot start in production: FLOTILLA_INTERNAL_KEY is not set",
    "Cannot start in production: FLOTILLA_ADMIN_TOKEN is not set",
  ]);
  const DENO_KV_ACCESS_TOKEN = "a token of the operator's own";
  const FLOTILLA_ADMIN_TOKEN = "another token of the operator's own";
  assertEquals(productionProblems({ FLOTILLA_ENV, DENO_KV_ACCESS_TOKEN, FLOTILLA_ADMIN_TOKEN }), [
    "Cannot start in production: FLOTILLA_INTERNAL_KEY is not set",
  ]);
});

Deno.test("productionProblems() is content with secrets of the operator's own, and outside production", () => {
  const environment = {
    FLOTILLA_ENV,
    DENO_KV_ACCESS_TOKEN: "a token of the operator's own",
    FLOTILLA_INTERNAL_KEY: "a key of the operator's own, long enough",
    FLOTILLA_ADMIN_TOKEN: "another token of the operator's own",
  };
  assertEquals(productionProblems(environment), []);
  assertEquals(productionProblems({}), []);
});
