import { assertEquals } from "@std/assert";
import * as worker from "./mod.ts";

Deno.test("@flotilla/worker exports what it promises", () => {
  assertEquals(Object.keys(worker).sort(), [
    "PermanentError",
    "TASK_STATUSES",
    "backoff",
    "builtinKinds",
    "createWorker",
    "defineTask",
  ]);
});
