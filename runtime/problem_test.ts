import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { KvTimeoutError } from "./kv_deadline.ts";
import { asProblem, ProblemError, problemResponse } from "./problem.ts";

Deno.test("problemResponse() answers RFC 9457 members, extensions, headers and the request id", async () => {
  const error = new ProblemError(429, "Slow down", {
    headers: { "retry-after": "3" },
    extensions: { limit: 10, status: 200 },
  });
  const response = problemResponse(error, "r-1");
  assertEquals(response.status, 429);
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  assertEquals(response.headers.get("retry-after"), "3");
  assertEquals(await response.json(), {
    limit: 10,
    type: "about:blank",
    title: "Too Many Requests",
    status: 429,
    detail: "Slow down",
    request_id: "r-1",
  });
});

Deno.test("ProblemError refuses a status that is no error", () => {
  assertThrows(() => new ProblemError(200, "fine"), RangeError, "got 200");
});

Deno.test("asProblem() hides what an unexpected error says", () => {
  const secret = new Error("password is hunter2");
  const problem = asProblem(secret);
  assertEquals(problem.status, 500);
  assertEquals(problem.message.includes("hunter2"), false);
  assertStrictEquals(problem.cause, secret);
});

Deno.test("asProblem() keeps a ProblemError as it is", () => {
  const problem = new ProblemError(404, "gone");
  assertStrictEquals(asProblem(problem), problem);
});

Deno.test("asProblem() answers 503 with Retry-After when the database did not answer", () => {
  const problem = asProblem(new KvTimeoutError("The database did not answer within 2000 ms"));
  assertEquals([problem.status, problem.headers.get("retry-after")], [503, "1"]);
});
