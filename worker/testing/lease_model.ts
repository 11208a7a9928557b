import { isOver, type Task, type TaskEvent, transition } from "../engine/task_state.ts";
import { RETENTION, START, testTask } from "./tasks.ts";

/**
 * A model of how two workers share two tasks: leases, claims of several tasks in one write, records that say later than the
 * claim that a task runs, renewals, and the taking of tasks whose lease is over, over a network that delivers late, twice,
 * or never answers.
 *
 * What a task becomes by an event is the engine's own `transition`; what a write checks is as in `worker_lease.ts`,
 * `lost_lease.ts` and `task_store.ts`.
 *
 * @module
 */

/** What can be turned off, to see what it is good for. */
export interface ModelRules {
  /** Whether a write is applied only when all it checks is as it was, as the store has it. */
  readonly fencing: boolean;
  /** Whether a worker renews its lease before it looks what became of a claim whose answer was lost. */
  readonly settling: boolean;
}

/** The rules of the engine. */
export const RULES: ModelRules = { fencing: true, settling: true };

/** What stands under a key. */
interface Stored {
  readonly version: number;
  readonly value: Task | Claims | "lease" | "taken" | "place";
  /** Which write put it there. */
  readonly write: string;
}

/** The tasks of one claim, each with the version of its record and the token. */
interface Claims {
  readonly claims: readonly Claimed[];
}

interface Claimed extends Run {
  readonly id: string;
}

/** A task as it was claimed. */
interface Run {
  readonly token: string;
  /** Of the record that was claimed. */
  readonly version: number;
}

type Store = Readonly<Record<string, Stored>>;

/** A write on its way. It may arrive late, and twice: a KV client sends it again when the connection broke. */
interface ModelWrite {
  readonly id: string;
  readonly worker: number;
  readonly type: "claim" | "renew" | "take" | "lost" | "announce" | "succeed";
  readonly checks: Readonly<Record<string, number>>;
  readonly puts: Readonly<Record<string, Stored["value"]>>;
  readonly deletes: readonly string[];
  readonly copies: number;
}

/** What a worker is about. */
interface ModelWorker {
  /** The store as it last saw it. */
  readonly seen: Store;
  /** The entry of its lease, while it believes to have one. */
  readonly lease: { readonly key: string; readonly version: number } | undefined;
  /** How many leases it has had. */
  readonly leases: number;
  /** The tasks that it runs. */
  readonly runs: Readonly<Record<string, Run>>;
  /** The tasks that it believes to have finished. */
  readonly finished: readonly string[];
  /** The write whose answer it waits for. */
  readonly waiting: string | undefined;
  /** It has given up waiting for the answer to a claim. */
  readonly doubtful: boolean;
}

/** Everything there is, at one moment. */
export interface ModelState {
  readonly now: number;
  readonly jumps: number;
  readonly store: Store;
  readonly version: number;
  readonly workers: readonly ModelWorker[];
  readonly network: readonly ModelWrite[];
  /** How often a success was recorded, by task. */
  readonly successes: Readonly<Record<string, number>>;
  /** How often something was written over the end of a task. */
  readonly overwritten: number;
}

/** One step, with its name for the story of a failure. */
export interface ModelStep {
  readonly name: string;
  readonly state: ModelState;
}

const TASKS = ["a", "b"];
const LEASE = 10_000;
/** Jumps of the clock, leases of a worker, and runs of a task, in one story. */
const [MOST_JUMPS, MOST_LEASES, MOST_RUNS] = [2, 2, 3];

/** Two tasks that wait, and two workers that have a lease and have not looked yet. */
export function initialState(): ModelState {
  const lease = (worker: number) => leaseKey(worker, 1, LEASE);
  const entry = (value: Stored["value"]): Stored => ({ version: 0, value, write: "" });
  const store = Object.fromEntries([
    ...TASKS.map((id) => [id, entry(testTask({ id }))] as const),
    ...TASKS.map((id) => [placeKey(id), entry("place")] as const),
    ...[0, 1].map((worker) => [lease(worker), entry("lease")] as const),
  ]);
  const worker = (index: number) => ({ ...newWorker(), leases: 1, lease: { key: lease(index), version: 0 } });
  return {
    now: START,
    jumps: 0,
    store,
    version: 0,
    workers: [worker(0), worker(1)],
    network: [],
    successes: {},
    overwritten: 0,
  };
}

/** A worker that has seen nothing and has no lease. */
export function newWorker(): ModelWorker {
  return {
    seen: {},
    lease: undefined,
    leases: 0,
    runs: {},
    finished: [],
    waiting: undefined,
    doubtful: false,
  };
}

/** The state in which worker 0 has claimed both tasks and knows it. */
export function claimedState(): ModelState {
  return after(initialState(), ["worker 0 looks", "worker 0 sends claim", "claim of 0, run 1 arrives"]);
}

/** The state in which worker 1 has taken a task from worker 0, whose lease is over, and claimed it; worker 0 runs it still. */
export function takenState(): ModelState {
  return after(claimedState(), [
    "the clock jumps by a lease",
    "worker 1 looks",
    "worker 1 sends take",
    "take lease 0 1 10000 arrives",
    "worker 1 sends lost",
    "lost a on 0 arrives",
    "worker 1 sends claim",
    "claim of 1, run 2 arrives",
  ]);
}

/** @throws {Error} when there is no step of such a name */
function after(state: ModelState, names: readonly string[]): ModelState {
  return names.reduce((before, name) => {
    const step = steps(before).find((step) => step.name === name);
    if (step === undefined) {
      throw new Error(`There is no step ${name}: ${steps(before).map(({ name }) => name)}`);
    }
    return step.state;
  }, state);
}

/** A text that is the same for states from which the same can happen. */
export function stateText(
  { now, jumps, store, workers, network, successes, overwritten }: ModelState,
): string {
  const storeText = (seen: Store) =>
    Object.entries(seen).sort().map(([key, { version, value }]) => [key, version, taskText(value)]);
  return JSON.stringify([
    now - START,
    jumps,
    storeText(store),
    workers.map(({ seen, ...rest }) => [storeText(seen), rest]),
    network.map(({ id, copies, checks }) => [id, copies, checks]),
    successes,
    overwritten,
  ]);
}

function taskText(value: Stored["value"]): unknown {
  if (!isTask(value)) return value;
  const { attempt, state } = value;
  return [attempt, state.status, state.status === "running" ? state.lease.token : ""];
}

/** Every step that may come next. */
export function steps(state: ModelState, rules: ModelRules = RULES): ModelStep[] {
  return [
    ...state.workers.flatMap((_, worker) => workerSteps(state, worker, rules)),
    ...state.network.flatMap((write) => networkSteps(state, write, rules)),
    ...(state.jumps < MOST_JUMPS
      ? [{
        name: "the clock jumps by a lease",
        state: { ...state, now: state.now + LEASE, jumps: state.jumps + 1 },
      }]
      : []),
  ];
}

function workerSteps(state: ModelState, index: number, rules: ModelRules): ModelStep[] {
  const worker = state.workers[index];
  if (worker === undefined || worker.waiting !== undefined) return [];
  const name = `worker ${index}`;
  if (worker.doubtful) {
    // The renewal comes first: from then on the claim has come into effect or never will.
    return rules.settling ? [sends(state, index, renewal(state, worker, index))] : [{
      name: `${name} looks for its claim`,
      state: withWorker(state, index, adopt(worker, state.store)),
    }];
  }
  return [
    ...(worker.seen === state.store
      ? []
      : [{ name: `${name} looks`, state: withWorker(state, index, { ...worker, seen: state.store }) }]),
    ...writesOf(state, worker, index).map((write) => sends(state, index, write)),
  ];
}

type Draft = Omit<ModelWrite, "worker" | "copies">;

/** What a worker may do: claim what it sees waiting, renew, finish what it runs, and take what another one has lost. */
function writesOf(state: ModelState, worker: ModelWorker, index: number): Draft[] {
  const { lease, runs } = worker;
  return [
    ...(lease === undefined ? opening(state, worker, index) : [
      ...claiming(state, worker, index, lease),
      renewal(state, worker, index),
    ]),
    ...Object.entries(runs).flatMap(([id, run]) => [
      ...announcing(state, worker, { id, ...run }),
      ...finishing(state, worker, { id, ...run }),
    ]),
    ...Object.keys(worker.seen).flatMap((key) =>
      isLease(key) && key !== lease?.key ? taking(state, worker, key) : []
    ),
  ];
}

function opening(state: ModelState, { leases }: ModelWorker, index: number): Draft[] {
  if (leases >= MOST_LEASES) return [];
  const key = leaseKey(index, leases + 1, state.now - START + LEASE);
  return [{ id: `open ${key}`, type: "renew", checks: { [key]: -1 }, puts: { [key]: "lease" }, deletes: [] }];
}

/** All that waits, in one write that checks the lease too: their places go, and their list comes. */
function claiming(
  state: ModelState,
  { seen }: ModelWorker,
  index: number,
  { key, version: leaseVersion }: NonNullable<ModelWorker["lease"]>,
): Draft[] {
  const waiting = TASKS.flatMap((id) => {
    const stored = seen[id];
    if (stored === undefined || seen[placeKey(id)]?.version !== stored.version) return [];
    const run = { id, token: "", version: stored.version };
    const task = asClaimed(stored, run, { lease: leaseOf(key), now: state.now });
    if (task === undefined || task.attempt > MOST_RUNS) return [];
    return [{ ...run, token: `${index}, run ${task.attempt}`, attempt: task.attempt }];
  });
  if (waiting.length === 0) return [];
  const claims = waiting.map(({ id, token, version }) => ({ id, token, version }));
  const places = waiting.map(({ id, version }) => [placeKey(id), version] as const);
  return [{
    id: `claim of ${index}, run ${Math.max(...waiting.map(({ attempt }) => attempt))}`,
    type: "claim",
    checks: { [key]: leaseVersion, ...Object.fromEntries(places) },
    puts: { [listKey(leaseOf(key), claims)]: { claims } },
    deletes: places.map(([place]) => place),
  }];
}

/** A task as its claim has made it, where its record does not say so yet; `undefined` for what is no task. */
function asClaimed(
  { value, version }: Stored,
  run: Claimed,
  { lease, now }: { lease: string; now: number },
): Task | undefined {
  if (!isTask(value)) return undefined;
  if (version !== run.version) return value;
  const task = transition(value, { type: "claim", now, lease: { id: lease, token: run.token, holder: "" } });
  return "refused" in task ? value : task;
}

/** Moves the lease's entry on the agenda. */
function renewal(state: ModelState, { lease, leases }: ModelWorker, index: number): Draft {
  const { key: from, version } = lease ?? { key: "", version: -1 };
  const key = leaseKey(index, leases, Math.max(state.now - START + LEASE, endOf(from) + 1));
  return {
    id: `renew to ${key}`,
    type: "renew",
    checks: { [from]: version },
    puts: { [key]: "lease" },
    deletes: [from],
  };
}

/** A run that lasts says so in the record. */
function announcing(state: ModelState, { seen, finished, lease }: ModelWorker, run: Claimed): Draft[] {
  const { id, token, version } = run;
  const stored = seen[id];
  if (finished.includes(id) || stored === undefined || stored.version !== version) return [];
  const event: TaskEvent = { type: "progress", now: state.now, token, progress: { fraction: 0 } };
  return changing(stored, run, { event, lease: lease?.key, name: `announce of ${token} with ${id}`, state });
}

function finishing(state: ModelState, { seen, finished, lease }: ModelWorker, run: Claimed): Draft[] {
  const { id, token } = run;
  const stored = seen[id];
  if (finished.includes(id) || stored === undefined) return [];
  const result = { kind: "inline", value: token } as const;
  const event: TaskEvent = {
    type: "succeed",
    now: state.now,
    token,
    result,
    files: [],
    retention: RETENTION,
  };
  return changing(stored, run, { event, lease: lease?.key, name: `succeed of ${token} with ${id}`, state });
}

/** The entry of a lease that is overdue is rewritten first; then the tasks of its lists are taken one by one. */
function taking(state: ModelState, { seen }: ModelWorker, key: string): Draft[] {
  const entry = seen[key];
  if (entry === undefined || endOf(key) > state.now - START) return [];
  if (entry.value === "lease") {
    return [{
      id: `take ${key}`,
      type: "take",
      checks: { [key]: entry.version },
      puts: { [key]: "taken" },
      deletes: [],
    }];
  }
  const event: TaskEvent = {
    type: "lost",
    now: state.now,
    lease: leaseOf(key),
    maxLosses: 9,
    retention: RETENTION,
  };
  return claimsUnder(seen, leaseOf(key)).flatMap((run) => {
    const stored = seen[run.id];
    if (stored === undefined) return [];
    return changing(stored, run, { event, lease: key, name: `lost ${run.id} on ${stored.version}`, state });
  });
}

interface Change {
  readonly event: TaskEvent;
  /** The entry of the lease under which the task was claimed. */
  readonly lease: string | undefined;
  readonly name: string;
  readonly state: ModelState;
}

function changing(stored: Stored, run: Claimed, { event, lease = "", name, state }: Change): Draft[] {
  const before = asClaimed(stored, run, { lease: leaseOf(lease), now: state.now });
  const task = before === undefined ? undefined : transition(before, event);
  if (task === undefined || "refused" in task) return [];
  const { id } = run;
  const place = task.state.status === "queued" ? { [placeKey(id)]: "place" as const } : {};
  return [{
    id: name,
    type: event.type === "succeed" ? "succeed" : event.type === "progress" ? "announce" : "lost",
    checks: { [id]: stored.version },
    puts: { [id]: task, ...place },
    deletes: [],
  }];
}

function sends(state: ModelState, index: number, draft: Draft): ModelStep {
  const write: ModelWrite = { ...draft, worker: index, copies: draft.type === "lost" ? 1 : 2 };
  const worker = state.workers[index];
  const network = [...state.network.filter(({ id }) => id !== draft.id), write];
  return {
    name: `worker ${index} sends ${draft.type}`,
    state: worker === undefined
      ? state
      : withWorker({ ...state, network }, index, { ...worker, waiting: draft.id }),
  };
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
  const fits = Object.entries(write.checks).every(([key, version]) =>
    (state.store[key]?.version ?? -1) === version
  );
  if (fencing && !fits) return { state: { ...state, network }, applied: false };
  const version = state.version + 1;
  const store = { ...state.store };
  let { overwritten } = state;
  const successes = { ...state.successes };
  for (const key of write.deletes) delete store[key];
  for (const [key, value] of Object.entries(write.puts)) {
    const before = store[key]?.value;
    if (before !== undefined && isTask(before) && isOver(before.state)) overwritten++;
    if (write.type === "succeed") successes[key] = (successes[key] ?? 0) + 1;
    store[key] = { version, value, write: write.id };
  }
  return { applied: true, state: { ...state, network, store, version, overwritten, successes } };
}

/** What the worker makes of an answer. A write that failed was its own when its name stands there: an earlier copy. */
function answered(state: ModelState, write: ModelWrite, applied: boolean): ModelState {
  const before = state.workers[write.worker];
  if (before === undefined) return state;
  const worker = { ...before, seen: state.store, waiting: undefined };
  const done = applied || Object.keys(write.puts).every((key) => state.store[key]?.write === write.id);
  switch (write.type) {
    case "claim":
      return withWorker(state, write.worker, adopt(worker, state.store));
    case "renew":
      return withWorker(state, write.worker, renewed(worker, write, state.store));
    case "succeed": {
      const [id = ""] = Object.keys(write.puts);
      // Its own announcement came first: it tries again.
      if (!done && isAnnounced(state.store[id], worker.runs[id])) {
        return withWorker(state, write.worker, worker);
      }
      const { [id]: _over, ...runs } = worker.runs;
      const finished = done ? [...worker.finished, id] : worker.finished;
      return withWorker(state, write.worker, { ...worker, runs, finished });
    }
    default:
      return withWorker(state, write.worker, worker);
  }
}

function isAnnounced(stored: Stored | undefined, run: Run | undefined): boolean {
  if (stored === undefined || !isTask(stored.value)) return false;
  const { state } = stored.value;
  return state.status === "running" && state.lease.token === run?.token;
}

/** What is lost with its lease is not finished any more, but code that runs already may try. */
function renewed(worker: ModelWorker, write: ModelWrite, store: Store): ModelWorker {
  const [key = ""] = Object.keys(write.puts);
  const entry = store[key];
  if (entry?.value !== "lease") return { ...worker, lease: undefined, doubtful: false };
  const leases = Math.max(worker.leases, Number(key.split(" ")[2]));
  const held = { ...worker, lease: { key, version: entry.version }, leases };
  return worker.doubtful ? adopt(held, worker.seen) : held;
}

/** Runs what the lists say that it has claimed. */
function adopt(worker: ModelWorker, store: Store): ModelWorker {
  const claims = worker.lease === undefined ? [] : runningUnder(store, leaseOf(worker.lease.key));
  const mine = claims.map(({ id, token, version }) => [id, { token, version }] as const);
  return { ...worker, seen: store, doubtful: false, runs: { ...worker.runs, ...Object.fromEntries(mine) } };
}

/** A claim whose answer is lost is looked into; everything else is tried again, or found out about by looking. */
function unanswered(state: ModelState, write: ModelWrite): ModelState {
  const worker = state.workers[write.worker];
  if (worker === undefined) return state;
  const doubtful = worker.doubtful || write.type === "claim";
  return withWorker(state, write.worker, { ...worker, waiting: undefined, doubtful });
}

function withWorker(state: ModelState, index: number, worker: ModelWorker): ModelState {
  return { ...state, workers: state.workers.map((other, at) => at === index ? worker : other) };
}

/** The tasks that were claimed under a lease. */
function claimsUnder(store: Store, lease: string): Claimed[] {
  return Object.entries(store).flatMap(([key, { value }]) =>
    key.startsWith(`list ${lease} `) && typeof value === "object" && "claims" in value ? value.claims : []
  );
}

/** Those of them that have neither ended nor been taken. */
export function runningUnder(store: Store, lease: string): Claimed[] {
  return claimsUnder(store, lease).filter(({ id, token, version }) => {
    const stored = store[id];
    if (stored === undefined || !isTask(stored.value)) return false;
    const { state } = stored.value;
    return state.status === "running" ? state.lease.token === token : stored.version === version;
  });
}

/** The list of one claim: no run of a task is claimed twice. */
function listKey(lease: string, claims: readonly Claimed[]): string {
  return `list ${lease} ${claims.map(({ id, token }) => `${id} ${token}`)}`;
}

/** Where a task waits. */
function placeKey(id: string): string {
  return `place ${id}`;
}

/** Whether it is a task that stands under a key. */
export function isTask(value: Stored["value"]): value is Task {
  return typeof value === "object" && "state" in value;
}

/** A lease's entry, by the worker, by which of its leases it is, and by when it ends. */
function leaseKey(worker: number, lease: number, end: number): string {
  return `lease ${worker} ${lease} ${end}`;
}

function isLease(key: string): boolean {
  return key.startsWith("lease ");
}

/** The lease that an entry is of. */
export function leaseOf(key: string): string {
  return key.split(" ").slice(0, 3).join(" ");
}

function endOf(key: string): number {
  return Number(key.split(" ")[3] ?? 0);
}
