import { assertEquals } from "@std/assert";
import { parseWrk } from "./wrk.ts";

const OUTPUT = `Running 1s test @ http://127.0.0.1:8000/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.00ms    2.00ms  30.00ms   90.00%
  Latency Distribution
     50%  950.00us
     75%    1.10ms
     90%    1.30ms
     99%    2.25ms
  60000 requests in 1.00s, 10.00MB read
  Socket errors: connect 1, read 2, write 0, timeout 4
  Non-2xx or 3xx responses: 5
Requests/sec:  60000.50
Transfer/sec:     10.00MB
`;

Deno.test("parseWrk() reads number, rate, percentiles in any unit, and errors of both kinds", () => {
  assertEquals(parseWrk(OUTPUT), {
    requests: 60_000,
    requestsPerSecond: 60000.5,
    p50: 0.95,
    p99: 2.25,
    errors: 12,
  });
  assertEquals(parseWrk(OUTPUT.replace("2.25ms", "1.50s ")).p99, 1500);
});
