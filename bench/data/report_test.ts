import { assertEquals } from "@std/assert";
import { type Reading, readingsTable, sourcesText } from "./report.ts";

const READINGS: readonly Reading[] = [
  {
    contender: "Flotilla",
    mode: "zipf",
    requests: 1_000,
    requestsPerSecond: 200,
    p50: 1,
    p99: 2,
    errors: 0,
    sources: { near: 990, shared: 9, database: 1 },
  },
  { contender: "peer", mode: "zipf", requests: 500, requestsPerSecond: 100, p50: 3, p99: 4, errors: 0 },
];

Deno.test("readingsTable() compares with the first peer", () => {
  assertEquals(
    readingsTable("zipf", READINGS).split("\n").slice(2),
    ["| Flotilla | 200 | 2.00 | 1.00 | 2.00 | 0 |", "| peer | 100 | 1.00 | 3.00 | 4.00 | 0 |"],
  );
});

Deno.test("sourcesText() tells the shares of those that tell", () => {
  assertEquals(
    sourcesText("zipf", READINGS),
    "Flotilla found 99.00 % of them in the services' near caches, 0.90 % in the shared cache and 0.10 % in the database.",
  );
  assertEquals(sourcesText("hot", READINGS), "");
});
