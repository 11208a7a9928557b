import { SecretError } from "@flotilla/runtime";
import { assertEquals, assertThrows } from "@std/assert";
import { environmentOf, variablesOf } from "./role_environment.ts";
import { ROLES } from "./topology_schema.ts";

const DENO_KV_ACCESS_TOKEN = "a token of the operator's own";
const FLOTILLA_INTERNAL_KEY = "a key of the operator's own, long enough";

Deno.test("environmentOf() passes on what the role may read and what Deno needs, and nothing else", () => {
  const environment = {
    HOME: "/home/x",
    AWS_SECRET_ACCESS_KEY: "y",
    DENO_KV_ACCESS_TOKEN,
    FLOTILLA_INTERNAL_KEY,
  };
  assertEquals(environmentOf("service", environment), {
    HOME: "/home/x",
    DENO_KV_ACCESS_TOKEN,
    FLOTILLA_INTERNAL_KEY,
  });
  assertEquals(environmentOf("balancer", environment), { HOME: "/home/x" });
});

Deno.test("environmentOf() fills in the secrets of development", () => {
  assertEquals(Object.keys(environmentOf("store", {})), ["DENO_KV_ACCESS_TOKEN"]);
});

Deno.test("environmentOf() throws SecretError in production when a secret is missing", () => {
  assertThrows(() => environmentOf("store", { FLOTILLA_ENV: "production" }), SecretError);
});

Deno.test("variablesOf() never lets a role read what only Deno needs", () => {
  for (const role of ROLES) {
    assertEquals(variablesOf(role).filter((name) => !/^(FLOTILLA|DENO_KV)_/.test(name)), []);
  }
});
