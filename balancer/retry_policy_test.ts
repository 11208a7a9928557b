import { assertEquals, assertThrows } from "@std/assert";
import { judge, readRetry } from "./retry_policy.ts";

const policy = readRetry({ attempts: 3, connectAttempts: 5 });
const get = { idempotent: true, replayable: true };
const post = { idempotent: false, replayable: true };

Deno.test("judge() lets what was not sent be tried again for nothing, whatever the method", () => {
  const verdict = judge(policy, { kind: "connect_refused" }, { replay: post, tries: { all: 4, sent: 0 } });
  assertEquals(verdict, { kind: "free" });
});

Deno.test("judge() has what may have been done twice paid for", () => {
  assertEquals(judge(policy, { kind: "reset" }, { replay: get, tries: { all: 1, sent: 1 } }), {
    kind: "charged",
  });
  assertEquals(judge(policy, { kind: "reset" }, { replay: post, tries: { all: 1, sent: 1 } }), {
    kind: "no",
  });
});

Deno.test("judge() ends at the number of attempts, counting apart what was sent", () => {
  const refused = { kind: "connect_refused" } as const;
  const reset = { kind: "reset" } as const;
  assertEquals(judge(policy, refused, { replay: get, tries: { all: 5, sent: 0 } }).kind, "no");
  assertEquals(judge(policy, reset, { replay: get, tries: { all: 3, sent: 2 } }).kind, "charged");
  assertEquals(judge(policy, reset, { replay: get, tries: { all: 3, sent: 3 } }).kind, "no");
});

Deno.test("judge() takes a stale connection as nobody's fault", () => {
  const tries = { all: 1, sent: 1 };
  assertEquals(judge(policy, { kind: "stale_connection" }, { replay: get, tries }).kind, "free");
  assertEquals(judge(policy, { kind: "stale_connection" }, { replay: post, tries }).kind, "no");
});

Deno.test("readRetry() refuses options out of range", () => {
  assertThrows(() => readRetry({ attempts: 0 }), RangeError, "attempts must be at least 1, got 0");
  assertThrows(() => readRetry({ attempts: 3, connectAttempts: 2 }), RangeError, "connectAttempts");
  assertThrows(() => readRetry({ bodyBytes: -1 }), RangeError, "bodyBytes");
});
