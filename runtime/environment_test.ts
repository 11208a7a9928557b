import { assertEquals, assertThrows } from "@std/assert";
import {
  internalKey,
  kvAccessToken,
  production,
  secret,
  SecretError,
  secretProblems,
} from "./environment.ts";

Deno.test("production() is true for FLOTILLA_ENV=production only", () => {
  assertEquals(production({ FLOTILLA_ENV: "production" }), true);
  assertEquals(production({ FLOTILLA_ENV: "staging" }), false);
  assertEquals(production({}), false);
});

Deno.test("secret() takes the development default outside production", () => {
  const options = { developmentDefault: "a-development-default" };
  assertEquals(secret("KEY", { ...options, environment: {} }), "a-development-default");
  assertEquals(
    secret("KEY", { ...options, environment: { KEY: "sixteen-characters" } }),
    "sixteen-characters",
  );
});

Deno.test("secret() refuses a default in production, left out or spelled out", () => {
  const developmentDefault = "a-development-default";
  for (const KEY of [undefined, "", developmentDefault]) {
    const environment = { FLOTILLA_ENV: "production", KEY };
    assertThrows(() => secret("KEY", { developmentDefault, environment }), SecretError, "KEY");
  }
});

Deno.test("secret() refuses a short value", () => {
  assertThrows(() => secret("KEY", { environment: { KEY: "short" } }), SecretError, "at least 16");
});

Deno.test("internalKey() wants 32 characters", () => {
  assertThrows(() => internalKey({ FLOTILLA_INTERNAL_KEY: "x".repeat(31) }), SecretError, "at least 32");
});

Deno.test("secretProblems() names every secret that is missing, and none that is there", () => {
  const environment = { FLOTILLA_ENV: "production" };
  assertEquals(secretProblems([internalKey, kvAccessToken], environment), [
    "Cannot start in production: FLOTILLA_INTERNAL_KEY is not set",
    "Cannot start in production: DENO_KV_ACCESS_TOKEN is not set",
  ]);
  assertEquals(secretProblems([internalKey, kvAccessToken], {}), []);
});
