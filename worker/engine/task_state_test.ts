import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { lease, RETENTION, START, testTask } from "../testing/tasks.ts";
import { indexKeys } from "./keys.ts";
import { isOver, type Task, type TaskEvent, transition } from "./task_state.ts";

const now = START;
const retention = RETENTION;
const error = { name: "Error", message: "no" };

const result = { kind: "inline", value: 1 } as const;

/** The task after the events, each of which must have an effect. */
function after(events: readonly TaskEvent[], task = testTask()): Task {
  return events.reduce((state, event) => {
    const next = transition(state, event);
    if ("refused" in next) throw new Error(`${event.type} was refused: ${next.refused}`);
    return next;
  }, task);
}

const claim = (token: string): TaskEvent => ({ type: "claim", now, lease: lease(token) });
const succeed = (token: string): TaskEvent => ({ type: "succeed", now, token, result, files: [], retention });
const fail = (token: string, retryAt?: number): TaskEvent => ({
  type: "fail",
  now,
  token,
  error,
  retryAt,
  retention,
});
const due = (at: number): TaskEvent => ({ type: "due", now: at });
const lost = (token: string, at = now): TaskEvent => ({
  type: "lost",
  now: at,
  lease: lease(token).id,
  maxLosses: 3,
  retention,
});
const cancel: TaskEvent = { type: "cancel", now, retention };

Deno.test("transition() refuses whatever a worker without the lease does", () => {
  const taken = after([claim("a"), lost("a"), claim("b")]);
  const events: TaskEvent[] = [
    succeed("a"),
    fail("a"),
    { type: "progress", now, token: "a", progress: { fraction: 1 } },
    { type: "release", now, token: "a", retention },
    { type: "cancelled", now, token: "a", retention },
  ];
  for (const event of events) assertEquals(transition(taken, event), { refused: "lease-lost" });
  assertEquals(after([succeed("b")], taken).state.status, "succeeded");
});

Deno.test("transition() queues a task again whose worker was lost with its lease, and gives up after too many losses", () => {
  const once = after([claim("a"), lost("a")]);
  assertEquals([once.state.status, once.losses, once.failures], ["queued", 1, 0]);
  assertEquals(transition(after([claim("b")], once), lost("a")), { refused: "not-held" });
  assertEquals(transition(once, lost("a")), { refused: "not-held" });
  const thrice = after([claim("b"), lost("b"), claim("c"), lost("c")], once);
  assertEquals([thrice.state.status, thrice.attempt], ["failed", 3]);
});

Deno.test("transition() counts failures, not handovers, and waits before it tries again", () => {
  const task = after([
    claim("a"),
    { type: "release", now, token: "a", retention },
    claim("b"),
    fail("b", now + 500),
  ]);
  assertEquals([task.attempt, task.failures, task.losses], [2, 1, 0]);
  assertEquals(task.state, { status: "retrying", due: now + 500, error });
  assertEquals(transition(task, due(now + 499)), { refused: "not-due" });
  assertEquals(after([due(now + 500)], task).state, { status: "queued", since: now + 500 });
});

Deno.test("transition() keeps what a run that fails has told of its progress", () => {
  const progress = { fraction: 0.4, note: "so far" };
  for (const retryAt of [undefined, now + 500]) {
    const event: TaskEvent = { type: "fail", now, token: "a", progress, error, retryAt, retention };
    assertEquals(after([claim("a"), event]).progress, progress);
  }
});

Deno.test("transition() cancels at once what does not run, and lets the worker end what runs", () => {
  assertEquals(after([cancel]).state.status, "cancelled");
  const running = after([claim("a"), cancel]);
  assertEquals(running.state.status === "running" && running.state.cancelling, true);
  assertEquals(after([fail("a", now + 1)], running).state.status, "failed");
  assertEquals(after([{ type: "release", now, token: "a", retention }], running).state.status, "cancelled");
  assertEquals(after([lost("a")], running).state.status, "cancelled");
});

Deno.test("transition() sends only what failed or was cancelled again, with fresh counters", () => {
  const again = after([claim("a"), fail("a"), { type: "resend", now }]);
  assertEquals([again.state.status, again.failures, again.expires], ["queued", 0, undefined]);
  for (const task of [after([]), after([claim("a")]), after([claim("a"), succeed("a")])]) {
    assertEquals(transition(task, { type: "resend", now }), { refused: "not-over" });
  }
});

const events = fc.array(
  fc.tuple(
    fc.constantFrom(
      "due",
      "lost",
      "claim",
      "progress",
      "succeed",
      "fail",
      "retry",
      "release",
      "cancel",
      "cancelled",
      "resend",
    ),
    fc.constantFrom("a", "b"),
    fc.integer({ min: 0, max: 20_000 }),
  ),
  { maxLength: 40 },
);

function eventOf(name: string, token: string, at: number): TaskEvent {
  switch (name) {
    case "due":
      return due(at);
    case "lost":
      return lost(token, at);
    case "claim":
      return { type: "claim", now: at, lease: lease(token) };
    case "progress":
      return { type: "progress", now: at, token, progress: { fraction: 0.5 } };
    case "succeed":
      return { type: "succeed", now: at, token, result, files: [], retention };
    case "fail":
      return { type: "fail", now: at, token, error, retryAt: undefined, retention };
    case "retry":
      return { type: "fail", now: at, token, error, retryAt: at + 100, retention };
    case "release":
      return { type: "release", now: at, token, retention };
    case "cancel":
      return { type: "cancel", now: at, retention };
    case "cancelled":
      return { type: "cancelled", now: at, token, retention };
    default:
      return { type: "resend", now: at };
  }
}

Deno.test("transition() leaves an end only by sending again, and never begins a run without a claim", () => {
  fc.assert(fc.property(events, (steps) => {
    let task = testTask();
    let time = START;
    for (const [name, token, ms] of steps) {
      time += ms;
      const event = eventOf(name, token, time);
      const next = transition(task, event);
      if ("refused" in next) continue;
      if (isOver(task.state)) assertEquals(event.type, "resend");
      assertEquals(next.attempt - task.attempt, event.type === "claim" ? 1 : 0);
      assertEquals(next.expires !== undefined, isOver(next.state));
      const unlisted = ["running", "succeeded", "cancelled"];
      assertEquals(indexKeys(next).length, unlisted.includes(next.state.status) ? 0 : 1);
      task = next;
    }
  }));
});
