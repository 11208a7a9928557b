import { assertEquals } from "@std/assert";
import { renderTable } from "./table.ts";

Deno.test("renderTable() makes each column as wide as its widest cell", () => {
  assertEquals(
    renderTable(["NAME", "PORT"], [["database", "5005"], ["x", "80"]]),
    ["NAME      PORT", "--------  ----", "database  5005", "x         80"].join("\n"),
  );
});
