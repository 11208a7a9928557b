import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  claimedState,
  initialState,
  type ModelRules,
  type ModelState,
  stateText,
  steps,
} from "../testing/lease_model.ts";
import { isOver } from "./task_state.ts";

/** What went wrong, and how it came to that. */
interface Violation {
  readonly what: string;
  readonly story: readonly string[];
}

interface Exploration {
  readonly states: number;
  readonly ends: number;
  readonly violation: Violation | undefined;
}

/** Goes through every order in which steps can happen, up to `depth` steps. */
function explore(from: ModelState, depth: number, rules: ModelRules = { fencing: true }): Exploration {
  const known = new Map<string, number>();
  let ends = 0;
  let violation: Violation | undefined;

  function visit(state: ModelState, story: readonly string[]): void {
    if (violation !== undefined) return;
    const what = wrong(state);
    if (what !== undefined) {
      violation = { what, story };
      return;
    }
    const key = stateText(state);
    const left = depth - story.length;
    if ((known.get(key) ?? -1) >= left) return;
    known.set(key, left);
    if (isOver(state.record.task.state)) ends++;
    if (left === 0) return;
    for (const step of steps(state, rules)) visit(step.state, [...story, step.name]);
  }

  visit(from, []);
  return { states: known.size, ends, violation };
}

/** What must never be so. */
function wrong({ successes, overwritten, workers, record }: ModelState): string | undefined {
  if (successes > 1) return "the task succeeded twice";
  if (overwritten > 0) return "the end of the task was overwritten";
  if (workers.filter(({ finished }) => finished).length > 1) {
    return "two workers believe that they finished it";
  }
  const believes = workers.some(({ finished }) => finished);
  if (believes && record.task.state.status !== "succeeded") return "a worker believes what is not recorded";
  return undefined;
}

Deno.test("the lease protocol records one end, in every order of two workers, late writes and clock jumps", () => {
  assertEquals(claimedState().record.task.attempt, 1);
  // From the claim on, so many steps are enough for the lease to end, the other worker to finish, and this one to try.
  for (const [from, depth] of [[initialState(), 9], [claimedState(), 10]] as const) {
    const { states, ends, violation } = explore(from, depth);
    assertEquals(violation, undefined);
    assertGreater(states, 1_000);
    assertGreater(ends, 100);
  }
});

Deno.test("the lease protocol without fencing lets a task succeed twice: the model sees it", () => {
  const { violation } = explore(claimedState(), 10, { fencing: false });
  assert(violation !== undefined);
  assert(["the task succeeded twice", "the end of the task was overwritten"].includes(violation.what));
});

Deno.test("the lease protocol never leaves a task stuck: a worker alone can always end it", () => {
  let state = initialState();
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
  for (let story = 0; story < 2_000; story++) {
    state = initialState();
    for (let step = 0; step < 14; step++) {
      const choices = steps(state, { fencing: true });
      const chosen = choices[random(Math.max(1, choices.length))];
      if (chosen === undefined) break;
      state = chosen.state;
    }
    assert(canEnd(state), JSON.stringify(state));
  }
});

/** The other worker is gone and its writes with it; time passes; and this one looks, frees, claims and finishes. */
function canEnd(before: ModelState): boolean {
  const lone = before.workers[0];
  if (lone === undefined) return false;
  const fresh = { seen: undefined, token: undefined, waiting: undefined, finished: false };
  let state: ModelState = {
    ...before,
    now: before.now + 100_000,
    network: [],
    workers: [lone.finished ? lone : fresh],
    record: { ...before.record, task: { ...before.record.task, attempt: 0 } },
  };
  for (let turn = 0; turn < 20 && !isOver(state.record.task.state); turn++) {
    const choices = steps(state, { fencing: true });
    const next = choices.find(({ name }) => /looks$|sends (claim|due|succeed)|arrives$/.test(name));
    if (next === undefined) return false;
    state = next.state;
  }
  return isOver(state.record.task.state);
}
