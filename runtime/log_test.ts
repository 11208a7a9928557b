import { assertEquals } from "@std/assert";
import { getLogger, reset } from "@logtape/logtape";
import { configureLogging } from "./log.ts";

Deno.test("configureLogging() writes one JSON object a line, errors with their causes, from the level on", async () => {
  const lines: string[] = [];
  await configureLogging({
    instance: "test_1",
    format: "json",
    level: "info",
    write: (line) => lines.push(line),
  });
  const logger = getLogger(["flotilla", "test"]);
  const error = new Error("outer", { cause: new TypeError("inner") });
  logger.error("{what} failed", { what: "it", size: 3n, error });
  logger.debug("not written");
  await reset();
  assertEquals(lines.length, 1);
  const { time, error: logged, ...rest } = JSON.parse(lines[0] ?? "");
  assertEquals(rest, {
    level: "error",
    instance: "test_1",
    logger: "flotilla.test",
    message: "it failed",
    what: "it",
    size: "3",
  });
  assertEquals([logged.name, logged.message, logged.cause.message], ["Error", "outer", "inner"]);
  assertEquals(Number.isNaN(Date.parse(time)), false);
});
