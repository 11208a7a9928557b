import { seededRandom } from "@flotilla/runtime";
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  claimedState,
  initialState,
  isTask,
  leaseOf,
  type ModelRules,
  type ModelState,
  newWorker,
  RULES,
  runningUnder,
  stateText,
  steps,
  takenState,
} from "../testing/lease_model.ts";
import { isOver, type Task } from "./task_state.ts";

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
function explore(from: ModelState, depth: number, rules: ModelRules = RULES): Exploration {
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
    if (tasksOf(state).some((task) => isOver(task.state))) ends++;
    if (left === 0) return;
    for (const step of steps(state, rules)) visit(step.state, [...story, step.name]);
  }

  visit(from, []);
  return { states: known.size, ends, violation };
}

function tasksOf({ store }: ModelState): Task[] {
  return Object.values(store).flatMap(({ value }) => isTask(value) ? [value] : []);
}

/** What must never be so. */
function wrong(state: ModelState): string | undefined {
  if (Object.values(state.successes).some((count) => count > 1)) return "a task succeeded twice";
  if (state.overwritten > 0) return "the end of a task was overwritten";
  const believed = state.workers.flatMap(({ finished }) => finished);
  if (new Set(believed).size < believed.length) return "two workers believe that they finished a task";
  const recorded = tasksOf(state).filter(({ state }) => state.status === "succeeded").map(({ id }) => id);
  if (believed.some((id) => !recorded.includes(id))) return "a worker believes what is not recorded";
  return orphan(state);
}

/** A task under a lease that is kept, whose worker does not know of it: nobody would ever run it. */
function orphan(state: ModelState): string | undefined {
  for (const { waiting, doubtful, lease, runs, finished } of state.workers) {
    if (waiting !== undefined || doubtful || lease === undefined) continue;
    const lost = runningUnder(state.store, leaseOf(lease.key)).some(({ id, token }) =>
      runs[id]?.token !== token && !finished.includes(id)
    );
    if (lost) return "a task runs under a lease whose worker does not know of it";
  }
  return undefined;
}

/** Of the runs of each worker. */
function tokens({ workers }: ModelState): string[][] {
  return workers.map(({ runs }) => Object.values(runs).map(({ token }) => token));
}

Deno.test("the lease protocol records one end, in every order of two workers, late writes and clock jumps", () => {
  assertEquals(tokens(claimedState()), [["0, run 1", "0, run 1"], []]);
  assertEquals(tokens(takenState()), [["0, run 1", "0, run 1"], ["1, run 2"]]);
  for (const from of [initialState(), claimedState(), takenState()]) {
    const { states, violation } = explore(from, 6);
    assertEquals(violation, undefined);
    assertGreater(states, 1_000);
  }
});

Deno.test("the lease protocol records one end in long stories too", () => {
  let ends = 0;
  for (const { state, story } of stories(2_000, 40)) {
    assertEquals(wrong(state), undefined, story.join("; "));
    if (tasksOf(state).every((task) => isOver(task.state))) ends++;
  }
  assertGreater(ends, 100);
});

Deno.test("the lease protocol without fencing lets a task succeed twice: the model sees it", () => {
  const { violation } = explore(takenState(), 6, { ...RULES, fencing: false });
  assert(["a task succeeded twice", "the end of a task was overwritten"].includes(violation?.what ?? ""));
});

Deno.test("the lease protocol loses a task whose claim is looked into before the lease is renewed: the model sees it", () => {
  const { violation } = explore(initialState(), 9, { ...RULES, settling: false });
  assertEquals(violation?.what, "a task runs under a lease whose worker does not know of it");
});

Deno.test("the lease protocol never leaves a task stuck: a worker alone can always end it", () => {
  let ended = 0;
  for (const { state } of stories(100, 16)) {
    assert(canEnd(state), JSON.stringify(state));
    ended++;
  }
  assertGreater(ended, 1_000);
});

/** States of random stories, each with how it came about. */
function* stories(count: number, length: number): Generator<{ state: ModelState; story: readonly string[] }> {
  const random = seededRandom(7);
  for (let number = 0; number < count; number++) {
    let state = initialState();
    const story: string[] = [];
    while (story.length < length) {
      const choices = steps(state);
      const chosen = choices[Math.floor(random() * choices.length)];
      if (chosen === undefined) break;
      state = chosen.state;
      story.push(chosen.name);
      yield { state, story };
    }
  }
}

/** The other worker is gone and its writes with it; time passes; and one that is new looks, takes, claims and finishes. */
function canEnd(before: ModelState): boolean {
  const store = Object.fromEntries(
    Object.entries(before.store).map(([key, stored]) => {
      const { value } = stored;
      return [key, isTask(value) ? { ...stored, value: { ...value, attempt: 0 } } : stored];
    }),
  );
  let state: ModelState = {
    ...before,
    store,
    now: before.now + 100_000,
    jumps: 9,
    network: [],
    workers: [...before.workers.map(() => ({ ...newWorker(), waiting: "for ever" })), newWorker()],
  };
  for (let turn = 0; turn < 60 && !tasksOf(state).every((task) => isOver(task.state)); turn++) {
    const choices = steps(state);
    const next = choices.find(({ name }) => /looks$|sends (take|lost|claim|succeed)|arrives$/.test(name)) ??
      choices[0];
    if (next === undefined) return false;
    state = next.state;
  }
  return tasksOf(state).every((task) => isOver(task.state));
}
