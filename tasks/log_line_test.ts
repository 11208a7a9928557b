import { assert, assertEquals } from "@std/assert";
import { isWorthShowing, parseLogLine } from "./log_line.ts";

Deno.test("parseLogLine() reads level and message of a JSON record", () => {
  const line = JSON.stringify({
    time: "2026-01-01T00:00:00Z",
    level: "warning",
    message: "service_1 is down",
  });
  assertEquals(parseLogLine(line), { level: "warning", text: "service_1 is down" });
});

Deno.test("parseLogLine() adds the error to a message that does not have it", () => {
  const error = { name: "KvTimeoutError", message: "no answer in 2000 ms" };
  const line = (message: string) => JSON.stringify({ level: "error", message, error });
  assertEquals(
    parseLogLine(line("GET /data failed")).text,
    "GET /data failed (KvTimeoutError: no answer in 2000 ms)",
  );
  assertEquals(parseLogLine(line("failed: no answer in 2000 ms")).text, "failed: no answer in 2000 ms");
});

Deno.test("parseLogLine() takes what is no record for an error of Deno", () => {
  for (const line of ["error: Uncaught TypeError", "{}", "null", '{"level":"loud","message":"x"}']) {
    assertEquals(parseLogLine(line), { level: "error", text: line });
  }
});

Deno.test("isWorthShowing() passes over what is routine or empty", () => {
  assert(isWorthShowing({ level: "warning", text: "x" }));
  assert(!isWorthShowing({ level: "info", text: "x" }));
  assert(!isWorthShowing({ level: "error", text: " " }));
});
