import { sleep } from "@flotilla/runtime";
import { type ApiClient, LoadError } from "./api_client.ts";
import type { Progress } from "./live_view.ts";
import { type Killed, type LoadReport, makeReport } from "./load_report.ts";
import { keepPace } from "./pace.ts";
import { createRequestMaker, recordId } from "./request_maker.ts";
import type { Kill, Scenario } from "./scenario.ts";
import { Tally } from "./tally.ts";
import { untilSettled } from "./task_watch.ts";

/** How {@linkcode runExperiment} runs a scenario. */
export interface ExperimentOptions {
  client: ApiClient;
  /** Requests a second. @default the scenario's */
  rate?: number;
  /** Seconds. @default the scenario's */
  duration?: number;
  /** The strategy of the balancer that the client calls, for the report. @default none */
  strategy?: string;
  /** Kills an instance of a group. @default kills nothing */
  kill?: (kill: Kill) => Promise<Omit<Killed, "at">>;
  /** Is told how it goes, four times a second. @default nobody is */
  onProgress?: (tally: Tally, progress: Progress) => void;
  /** Ends the load early. @default none */
  signal?: AbortSignal;
}

/** Milliseconds between two calls of `onProgress`. */
const PROGRESS_INTERVAL = 250;
/** Records that are written at a time before a load. */
const WRITERS = 4;
/** Answers that ask to come back later, how often that is done, and after how many milliseconds. */
const BUSY: ReadonlySet<number> = new Set([429, 503]);
const ATTEMPTS = 10;
const BACK_OFF = 1_000;

/**
 * Writes a scenario's records, makes its load, kills what it says, waits for the tasks that were started, and sums up.
 *
 * @throws {LoadError} when the system refuses the records
 */
export async function runExperiment(scenario: Scenario, options: ExperimentOptions): Promise<LoadReport> {
  const { client, rate = scenario.rate, duration = scenario.duration, strategy, signal } = options;
  await writeRecords(scenario, client);
  const tally = new Tally();
  const maker = createRequestMaker(scenario);
  const tasks: string[] = [];
  const kills: Killed[] = [];
  let inFlight = 0;
  const began = { wall: Date.now(), at: performance.now() };
  const elapsed = () => performance.now() - began.at;
  const tell = () => {
    const title = `${scenario.name}: ${scenario.summary}${strategy === undefined ? "" : ` (${strategy})`}`;
    options.onProgress?.(tally, { title, elapsed: elapsed(), duration: duration * 1_000, inFlight, kills });
  };
  const timer = setInterval(tell, PROGRESS_INTERVAL);
  try {
    const killing = killInTime(scenario, { ...options, duration, elapsed, kills });
    const load = keepPace(async (turn) => {
      const { step, path, headers, body } = maker.next();
      inFlight++;
      const answer = await client.send({ method: step.method, path, headers, body });
      inFlight--;
      tally.add({ step, due: turn.due, latency: turn.elapsed(), answer });
      if (answer.kind !== "answer" || answer.task === undefined) return;
      maker.remember(answer.task);
      tasks.push(answer.task);
    }, { rate, duration: duration * 1_000, ...(signal === undefined ? {} : { signal }) });
    await Promise.all([load, killing]);
  } finally {
    clearInterval(timer);
  }
  tell();
  const lasted = signal?.aborted === true ? Math.min(duration, Math.ceil(elapsed() / 1_000)) : duration;
  return makeReport(tally, {
    ...{ scenario, url: client.origin, began: began.wall, rate, duration: lasted, kills },
    ...(strategy === undefined ? {} : { strategy }),
    ...(tasks.length === 0 ? {} : { tasks: await untilSettled(client, tasks) }),
  });
}

/** Makes the records that will be asked for, and thereby empties the caches of them. */
async function writeRecords({ records }: Scenario, client: ApiClient): Promise<void> {
  let next = 0;
  const write = async () => {
    while (next < records) await writeRecord(next++, client);
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
}

/** Writes one record, again when the system asks to come back later. */
async function writeRecord(number: number, client: ApiClient): Promise<void> {
  for (let attempt = 1;; attempt++) {
    const answer = await client.send({
      method: "PUT",
      path: `/data/${recordId(number)}`,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ value: { number, text: "made by deno task load" } }),
    });
    if (answer.kind === "answer" && answer.status < 300) return;
    const busy = answer.kind === "answer" && BUSY.has(answer.status);
    if (!busy || attempt === ATTEMPTS) {
      const why = answer.kind === "answer" ? String(answer.status) : answer.reason;
      throw new LoadError(`Cannot write the record ${recordId(number)}: ${why}`);
    }
    await sleep(BACK_OFF);
  }
}

/** Kills what the scenario says, each at its time. */
async function killInTime(
  { kills }: Scenario,
  options: Pick<ExperimentOptions, "kill" | "signal"> & {
    duration: number;
    elapsed: () => number;
    kills: Killed[];
  },
): Promise<void> {
  const { kill, signal, duration, elapsed, kills: killed } = options;
  if (kill === undefined) return;
  for (const planned of kills) {
    await until(planned.at * duration * 1_000 - elapsed(), signal);
    if (signal?.aborted === true) return;
    const at = elapsed();
    killed.push({ ...await kill(planned), at });
  }
}

function until(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
