import { assertEquals } from "@std/assert";
import * as store from "./mod.ts";

Deno.test("mod.ts exports what others may use, and nothing else", () => {
  assertEquals(Object.keys(store).sort(), ["DatabaseOpenError", "createStore"]);
});
