import { assertEquals } from "@std/assert";
import * as service from "./mod.ts";

Deno.test("@flotilla/service exports what others use, and nothing else", () => {
  assertEquals(Object.keys(service), ["createService"]);
});
