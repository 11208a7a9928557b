import { assertEquals, assertThrows } from "@std/assert";
import { rateSchema, readPolicy } from "./limit_policy.ts";

Deno.test("rateSchema takes requests over seconds, and off", () => {
  assertEquals(rateSchema.parse("600/60"), { quota: 600, window: 60_000 });
  assertEquals(rateSchema.parse("off"), "off");
  for (const text of ["", "600", "0/60", "600/0", "-1/60", "1.5/60", "600/60s"]) {
    assertEquals(rateSchema.safeParse(text).success, false, text);
  }
});

Deno.test("readPolicy() refuses what cannot be kept", () => {
  assertThrows(() => readPolicy({ name: "a", quota: 0, window: 1 }), RangeError, "got 0");
  assertThrows(() => readPolicy({ name: "a", quota: 1, window: 0 }), RangeError, "got 0");
});
