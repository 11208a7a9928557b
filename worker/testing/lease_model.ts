import { isOver, type Task, type TaskEvent, transition } from "../engine/task_state.ts";
import { lease, RETENTION, START, testTask } from "./tasks.ts";

/** How the model's store judges writes. */
export interface ModelRules {
  /** Whether a write is applied only to the version it was made from, as the store's check has it. */
  fencing: boolean;
}

/** The record as the store holds it. */
interface ModelRecord {
  readonly task: Task;
  readonly version: number;
  /** Which write made it. */
  readonly write: string;
}

/** What a worker is about. */
interface ModelWorker {
  /** The record as it last saw it. */
  readonly seen: ModelRecord | undefined;
  /** The lease that it believes to hold. */
  readonly token: string | undefined;
  /** The write whose answer it waits for. */
  readonly waiting: string | undefined;
  /** It believes that it has finished the task. */
  readonly finished: boolean;
}

/** A write on its way. It may arrive late, and twice: a KV client sends it again when the connection broke. */
interface ModelWrite {
  readonly id: string;
  readonly worker: number;
  readonly type: TaskEvent["type"];
  readonly base: number;
  readonly task: Task;
  readonly copies: number;
}

/** Everything there is, at one moment. */
export interface ModelState {
  readonly now: number;
  readonly jumps: number;
  readonly record: ModelRecord;
  readonly workers: readonly ModelWorker[];
  readonly network: readonly ModelWrite[];
  /** How often a success was recorded. */
  readonly successes: number;
  /** How often something was written over the end of the task. */
  readonly overwritten: number;
}

/** One step, with its name for the story of a failure. */
export interface ModelStep {
  readonly name: string;
  readonly state: ModelState;
}

/** A task that waits, and two workers that have not looked yet. */
export function initialState(): ModelState {
  const idle = { seen: undefined, token: undefined, waiting: undefined, finished: false };
  return {
    now: START,
    jumps: 0,
    record: { task: testTask({ id: "task" }), version: 0, write: "" },
    workers: [idle, idle],
    network: [],
    successes: 0,
    overwritten: 0,
  };
}

/** The state in which worker 0 has claimed the task and knows it. */
export function claimedState(): ModelState {
  return ["worker 0 looks", "worker 0 sends claim", "claim worker 0, run 1 on 0 by 0 arrives"].reduce(
    (state, name) => steps(state, { fencing: true }).find((step) => step.name === name)?.state ?? state,
    initialState(),
  );
}

/** A text that is the same for states from which the same can happen. */
export function stateText(
  { now, jumps, record, workers, network, successes, overwritten }: ModelState,
): string {
  const recordText = (made: ModelRecord | undefined) =>
    made === undefined ? "" : [made.version, made.write, taskText(made.task)];
  return JSON.stringify([
    now - START,
    jumps,
    recordText(record),
    workers.map(({ seen, token, waiting, finished }) => [recordText(seen), token, waiting, finished]),
    network.map(({ id, base, copies, task }) => [id, base, copies, taskText(task)]),
    successes,
    overwritten,
  ]);
}

function taskText({ attempt, state }: Task): unknown[] {
  return [
    attempt,
    state.status,
    ...(state.status === "running" ? [state.lease.token, state.lease.expires - START] : []),
  ];
}

/** Jumps of the clock, and runs, in one story. */
const MOST_JUMPS = 2;
const MOST_RUNS = 3;
const LEASE = 10_000;

/** Every step that may come next. */
export function steps(state: ModelState, rules: ModelRules): ModelStep[] {
  return [
    ...state.workers.flatMap((_, worker) => workerSteps(state, worker)),
    ...state.network.flatMap((write) => networkSteps(state, write, rules)),
    ...(state.jumps < MOST_JUMPS
      ? [{
        name: "the clock jumps by a lease",
        state: { ...state, now: state.now + LEASE, jumps: state.jumps + 1 },
      }]
      : []),
  ];
}

function workerSteps(state: ModelState, index: number): ModelStep[] {
  const worker = state.workers[index];
  if (worker === undefined || worker.waiting !== undefined || worker.finished) return [];
  const name = `worker ${index}`;
  const looks = worker.seen?.version === state.record.version
    ? []
    : [{ name: `${name} looks`, state: withWorker(state, index, { ...worker, seen: state.record }) }];
  const sent = eventsOf(state, worker, index).flatMap((event) => {
    const { seen } = worker;
    const next = seen === undefined ? undefined : transition(seen.task, event);
    if (seen === undefined || next === undefined || "refused" in next || next.attempt > MOST_RUNS) return [];
    return [{
      name: `${name} sends ${event.type}`,
      state: send(state, index, { event, task: next, base: seen.version }),
    }];
  });
  return [...looks, ...sent];
}

/** What a worker does: it claims or frees what it sees, and works on what it holds. */
function eventsOf(state: ModelState, { seen, token }: ModelWorker, index: number): TaskEvent[] {
  const { now } = state;
  if (token !== undefined) {
    const result = { kind: "inline", value: token } as const;
    return [
      { type: "succeed", now, token, result, files: [], retention: RETENTION },
      { type: "renew", now, token, expires: now + LEASE, progress: { fraction: 0.5 } },
    ];
  }
  if (seen?.task.state.status === "queued") {
    const next = `worker ${index}, run ${seen.task.attempt + 1}`;
    return [{ type: "claim", now, lease: lease(next, now) }];
  }
  return [{ type: "due", now, maxLosses: 9, retention: RETENTION }];
}

function send(
  state: ModelState,
  index: number,
  { event, task, base }: { event: TaskEvent; task: Task; base: number },
): ModelState {
  const token = "token" in event ? event.token : "lease" in event ? event.lease.token : "";
  // A success is tried again under its own name, as the runner does: an earlier try may have been applied.
  const id = event.type === "succeed"
    ? `succeed by ${token}`
    : `${event.type} ${token} on ${base} by ${index}`;
  const write: ModelWrite = { id, worker: index, type: event.type, base, task, copies: 2 };
  const others = state.network.filter((other) => other.id !== id || other.base !== base);
  const worker = state.workers[index];
  if (worker === undefined) return state;
  return withWorker({ ...state, network: [...others, write] }, index, { ...worker, waiting: id });
}

/** A write arrives and is answered, or its answer is lost, or it comes later than anyone waits. */
function networkSteps(state: ModelState, write: ModelWrite, rules: ModelRules): ModelStep[] {
  const arrived = arrive(state, write, rules);
  const waits = state.workers[write.worker]?.waiting === write.id;
  if (!waits) return [{ name: `${write.id} arrives late`, state: arrived.state }];
  return [
    { name: `${write.id} arrives`, state: answered(arrived.state, write, arrived.applied) },
    { name: `${write.id} arrives, its answer is lost`, state: unanswered(arrived.state, write) },
    { name: `${write.id} is waited for in vain`, state: unanswered(state, write) },
  ];
}

function arrive(state: ModelState, write: ModelWrite, { fencing }: ModelRules) {
  const left = write.copies > 1 ? [{ ...write, copies: write.copies - 1 }] : [];
  const network = [...state.network.filter((other) => other !== write), ...left];
  const { record } = state;
  if (fencing && record.version !== write.base) return { state: { ...state, network }, applied: false };
  const success = write.type === "succeed" ? 1 : 0;
  return {
    applied: true,
    state: {
      ...state,
      network,
      record: { task: write.task, version: record.version + 1, write: write.id },
      successes: state.successes + success,
      overwritten: state.overwritten + (isOver(record.task.state) ? 1 : 0),
    },
  };
}

/** As `TaskStore.change` does: a write that failed was ours when its name stands in the record. */
function answered(state: ModelState, write: ModelWrite, applied: boolean): ModelState {
  const worker = state.workers[write.worker];
  if (worker === undefined) return state;
  const seen = state.record;
  if (!applied && seen.write !== write.id) {
    const { state: now } = seen.task;
    const holds = now.status === "running" && now.lease.token === worker.token;
    return withWorker(state, write.worker, {
      ...worker,
      seen,
      waiting: undefined,
      token: holds ? worker.token : undefined,
    });
  }
  const { state: made } = write.task;
  const token = write.type === "claim" && made.status === "running" ? made.lease.token : worker.token;
  const finished = write.type === "succeed";
  return withWorker(state, write.worker, {
    seen,
    waiting: undefined,
    finished,
    token: finished ? undefined : token,
  });
}

/** A claim whose answer is lost is given up; what a run came to is tried again. */
function unanswered(state: ModelState, write: ModelWrite): ModelState {
  const worker = state.workers[write.worker];
  return worker === undefined ? state : withWorker(state, write.worker, { ...worker, waiting: undefined });
}

function withWorker(state: ModelState, index: number, worker: ModelWorker): ModelState {
  return { ...state, workers: state.workers.map((other, at) => at === index ? worker : other) };
}
