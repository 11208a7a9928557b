/** One kind of request that a scenario sends. */
export interface Step {
  /** What reports call it. */
  readonly name: string;
  /** Its share: as often as its weight is of the sum of all steps' weights. */
  readonly weight: number;
  readonly method: "GET" | "POST" | "PUT";
  /** `{record}` is filled in with the id of a record, `{task}` with that of a task that was started lately. */
  readonly path: string;
  /** Sent as JSON. @default none */
  readonly body?: unknown;
  /**
   * Whether sending it twice does what sending it once does, so that the system may send it again by itself. A POST is when
   * it has an `Idempotency-Key`, which it gets here.
   */
  readonly idempotent: boolean;
}

/** An instance that is killed while the load runs. */
export interface Kill {
  /** Name of the group in the topology, the first of whose instances is killed: `service`. */
  readonly group: string;
  /** When: a share of the duration, from 0 to 1. */
  readonly at: number;
}

/** An experiment: which load to make, and what to break. */
export interface Scenario {
  readonly name: string;
  /** What there is to see. */
  readonly summary: string;
  /** Requests a second. */
  readonly rate: number;
  /** Seconds. */
  readonly duration: number;
  /** How many records there are to ask for. */
  readonly records: number;
  /** How much more popular the first records are than the last: the exponent of Zipf's law; 0 for all alike. */
  readonly skew: number;
  readonly steps: readonly Step[];
  readonly kills: readonly Kill[];
}

const readRecord: Step = {
  name: "read a record",
  weight: 1,
  method: "GET",
  path: "/data/{record}",
  idempotent: true,
};
const writeRecord: Step = {
  name: "write a record",
  weight: 1,
  method: "PUT",
  path: "/data/{record}",
  body: { value: { from: "deno task load" } },
  idempotent: true,
};
const startTask: Step = {
  name: "start a task",
  weight: 1,
  method: "POST",
  path: "/longtask",
  body: { task: "report", prefix: "load_" },
  idempotent: true,
};
const readTask: Step = {
  name: "ask for a task",
  weight: 1,
  method: "GET",
  path: "/longtask/{task}",
  idempotent: true,
};

/** What `--scenario` takes. */
export const SCENARIO_NAMES = ["balancing", "caching", "tasks", "failure"] as const;

/** The name of a scenario. */
export type ScenarioName = typeof SCENARIO_NAMES[number];

/** The lab's experiments. */
export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  balancing: {
    name: "balancing",
    summary: "how requests spread over the gateways and services",
    rate: 200,
    duration: 20,
    records: 50,
    skew: 0,
    steps: [
      { ...readRecord, weight: 8 },
      {
        name: "list records",
        weight: 1,
        method: "GET",
        path: "/data?prefix=load_&limit=10",
        idempotent: true,
      },
      { ...writeRecord, weight: 1 },
    ],
    kills: [],
  },
  caching: {
    name: "caching",
    summary: "how an empty cache fills, and stays fresh while records change",
    rate: 150,
    duration: 30,
    records: 1_000,
    skew: 0.8,
    steps: [{ ...readRecord, weight: 49 }, { ...writeRecord, weight: 1 }],
    kills: [],
  },
  tasks: {
    name: "tasks",
    summary: "how the system answers at once and works in the background",
    rate: 50,
    duration: 20,
    records: 200,
    skew: 0,
    steps: [{ ...startTask, weight: 1 }, { ...readTask, weight: 5 }, { ...readRecord, weight: 4 }],
    kills: [],
  },
  failure: {
    name: "failure",
    summary: "what clients see of it when a service and a worker are killed",
    rate: 100,
    duration: 30,
    records: 50,
    skew: 0,
    steps: [
      { ...readRecord, weight: 12 },
      { ...writeRecord, weight: 3 },
      { ...startTask, weight: 1 },
      { ...readTask, weight: 4 },
    ],
    kills: [{ group: "service", at: 0.3 }, { group: "worker", at: 0.6 }],
  },
};

/** How long the system has to find out that an instance is dead; milliseconds. Two checks of 500 ms, and some. */
export const DETECTION = 2_000;
