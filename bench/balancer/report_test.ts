import { assertEquals } from "@std/assert";
import type { Measurement } from "./measure.ts";
import { comparison, table } from "./report.ts";

function measurement(peer: string, workload: string, requestsPerSecond: number): Measurement {
  return { peer, workload, requestsPerSecond, p50: 1, p99: 2.5, errors: 0 };
}

const MEASURED = [
  measurement("Flotilla", "GET", 900),
  measurement("Flotilla", "POST", 500),
  measurement("nginx", "GET", 1_000),
  measurement("nginx", "POST", 400),
];

Deno.test("comparison() gives the first peer's rate over each other's, a row a workload", () => {
  assertEquals(
    comparison(MEASURED),
    "| Flotilla, requests for one of | nginx |\n| --- | ---: |\n| GET | 0.90 |\n| POST | 1.25 |",
  );
});

Deno.test("table() gives each peer's figures and its ratio to nginx", () => {
  const rows = table("GET", MEASURED).split("\n").slice(2);
  assertEquals(rows, [
    "| Flotilla | 900 | 0.90 | 1.00 | 2.50 | 0 |",
    "| nginx | 1000 | 1.00 | 1.00 | 2.50 | 0 |",
  ]);
});
