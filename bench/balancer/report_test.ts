import { assertEquals } from "@std/assert";
import type { Measurement } from "./measure.ts";
import { BY_PROCESSOR_TIME, BY_RATE, comparison, table } from "./report.ts";

function measurement(peer: string, workload: string, rate: number, microseconds: number): Measurement {
  const requests = 2 * rate;
  return { peer, workload, requests, requestsPerSecond: rate, microseconds, p50: 1, p99: 2.5, errors: 0 };
}

const MEASURED = [
  measurement("Flotilla", "GET", 900, 20),
  measurement("Flotilla", "POST", 500, 25),
  measurement("nginx", "GET", 1_000, 16),
  measurement("nginx", "POST", 400, 50),
];

Deno.test("comparison() gives the first peer's rate over each other's, a row a workload", () => {
  assertEquals(comparison(MEASURED, BY_RATE).split("\n"), [
    "| Flotilla, requests in the time of one of | nginx |",
    "| --- | ---: |",
    "| GET | 0.90 |",
    "| POST | 1.25 |",
  ]);
});

Deno.test("comparison() gives each other's processor time over the first peer's", () => {
  assertEquals(comparison(MEASURED, BY_PROCESSOR_TIME).split("\n"), [
    "| Flotilla, requests in the processor time of one of | nginx |",
    "| --- | ---: |",
    "| GET | 0.80 |",
    "| POST | 2.00 |",
  ]);
});

Deno.test("table() gives each peer's figures and its ratio to nginx", () => {
  const rows = table("GET", MEASURED).split("\n").slice(2);
  assertEquals(rows, [
    "| Flotilla | 900 | 0.90 | 20.0 | 1.00 | 2.50 | 0 |",
    "| nginx | 1000 | 1.00 | 16.0 | 1.00 | 2.50 | 0 |",
  ]);
});
