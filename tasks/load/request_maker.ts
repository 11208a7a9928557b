import { seededRandom } from "@flotilla/runtime";
import { weightedDraw, zipfWeights } from "./choice.ts";
import type { Scenario, Step } from "./scenario.ts";

/** A request to send: one step of a scenario, filled in. */
export interface LoadRequest {
  readonly step: Step;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, or `undefined` for a request without a body. */
  readonly body: string | undefined;
}

/** Makes the requests of a scenario, the same ones in the same order for the same seed. */
export interface RequestMaker {
  /** Makes the next request. */
  next(): LoadRequest;
  /** Lets requests ask for a task that was started. */
  remember(task: string): void;
}

/** How {@linkcode createRequestMaker} makes requests. */
export interface RequestMakerOptions {
  /** @default 1 */
  seed?: number;
  /** Makes an `Idempotency-Key`. @default crypto.randomUUID */
  makeKey?: () => string;
}

/** Tasks that are asked for: the ones started last. */
const TASKS_REMEMBERED = 32;

/** Names the record at an index, from 0. */
export function recordId(index: number): string {
  return `load_${String(index).padStart(5, "0")}`;
}

/** Makes requests as a scenario has them. While no task was started, its list of tasks is asked for instead of one. */
export function createRequestMaker(scenario: Scenario, options: RequestMakerOptions = {}): RequestMaker {
  const { seed = 1, makeKey = () => crypto.randomUUID() } = options;
  const random = seededRandom(seed);
  const drawStep = weightedDraw(scenario.steps.map(({ weight }) => weight), random);
  const drawRecord = weightedDraw(zipfWeights(scenario.records, scenario.skew), random);
  const tasks: string[] = [];

  function fill(path: string): string {
    const task = tasks[Math.floor(random() * tasks.length)];
    return path
      .replace("{record}", recordId(drawRecord()))
      .replace("/{task}", task === undefined ? "" : `/${task}`);
  }

  return {
    next() {
      const step = scenario.steps[drawStep()];
      if (step === undefined) throw new RangeError(`Cannot make a request: ${scenario.name} has no steps`);
      const body = step.body === undefined ? undefined : JSON.stringify(step.body);
      const keyed = step.method === "POST" && step.idempotent;
      return {
        step,
        path: fill(step.path),
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(keyed ? { "idempotency-key": `"${makeKey()}"` } : {}),
        },
        body,
      };
    },
    remember(task) {
      tasks.push(task);
      if (tasks.length > TASKS_REMEMBERED) tasks.shift();
    },
  };
}
