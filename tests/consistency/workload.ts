import type { Call, Condition, History, Operation, Outcome, Version } from "./history.ts";

/** What came back of a request. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** The body as JSON, or `undefined` when it is none. */
  readonly body: unknown;
}

/** Sends a request of a client; rejects when no answer came. */
export type Send = (
  client: string,
  request: { method: string; path: string; headers: Record<string, string>; json?: unknown },
) => Promise<Reply>;

/** What clients do. */
export interface WorkloadOptions {
  send: Send;
  /** How many clients there are. */
  clients: number;
  /** The records that they write and read. */
  keys: readonly string[];
  /** Aborted when they shall stop. */
  signal: AbortSignal;
  /** Numbers from 0 up to 1; the same numbers make the same choices. */
  random: () => number;
  /** Milliseconds that a tenth of the reads may be out of date. @default 0 */
  maxStale?: number;
  /** @default `performance.now` */
  now?: () => number;
}

/** Lets clients write and read the same records at once until told to stop, and tells all that they saw. */
export async function runWorkload(options: WorkloadOptions): Promise<History> {
  const { clients, signal, random, keys } = options;
  const history: Operation[] = [];
  await Promise.all(Array.from({ length: clients }, async (_, number) => {
    const client = new WorkloadClient(`c${number}`, options);
    while (!signal.aborted) {
      const key = keys[Math.floor(random() * keys.length)];
      if (key === undefined) throw new RangeError("Cannot run the workload: there are no keys");
      history.push(await client.act(key));
    }
  }));
  return history;
}

/** One client, which asks one thing after the other and remembers the versions it saw. */
class WorkloadClient {
  readonly #name: string;
  readonly #options: Required<WorkloadOptions>;
  readonly #versions = new Map<string, Version>();
  #count = 0;

  constructor(name: string, options: WorkloadOptions) {
    this.#name = name;
    this.#options = { maxStale: 0, now: () => performance.now(), ...options };
  }

  /** Does one thing to the record. */
  async act(key: string): Promise<Operation> {
    const { maxStale, now, random } = this.#options;
    const call = this.#choose(key);
    const stale = call.kind === "read" && maxStale > 0 && random() < 0.1 ? maxStale : 0;
    const start = now();
    const outcome = await this.#perform(key, call, stale);
    const operation = { client: this.#name, key, call, outcome, start, end: now() };
    if (outcome.kind === "found" || outcome.kind === "written") this.#versions.set(key, outcome.version);
    return stale === 0 ? operation : { ...operation, maxStale: stale };
  }

  #choose(key: string): Call {
    const version = this.#versions.get(key);
    const condition: Condition | undefined = version === undefined ? undefined : { kind: "version", version };
    const conditional = condition === undefined ? {} : { condition };
    const token = `${this.#name}-${this.#count++}`;
    const dice = this.#options.random();
    if (dice < 0.5) return { kind: "read" };
    if (dice < 0.7) return { kind: "put", token, ...conditional };
    if (dice < 0.85) return { kind: "put", token };
    if (dice < 0.92) return { kind: "put", token, condition: { kind: "absent" } };
    return { kind: "delete", ...conditional };
  }

  async #perform(key: string, call: Call, stale: number): Promise<Outcome> {
    try {
      return outcomeOf(call, await this.#options.send(this.#name, requestOf(key, call, stale)));
    } catch (error) {
      return { kind: "unknown", reason: String(error) };
    }
  }
}

function requestOf(key: string, call: Call, stale: number): Parameters<Send>[1] {
  const path = `/data/${key}`;
  if (call.kind === "read") {
    const headers: Record<string, string> = stale > 0
      ? { "cache-control": `max-stale=${stale / 1_000}` }
      : {};
    return { method: "GET", path, headers };
  }
  const headers = conditionFields(call.condition);
  return call.kind === "delete"
    ? { method: "DELETE", path, headers }
    : { method: "PUT", path, headers, json: { value: { token: call.token } } };
}

function conditionFields(condition: Condition | undefined): Record<string, string> {
  switch (condition?.kind) {
    case undefined:
      return {};
    case "absent":
      return { "if-none-match": "*" };
    case "version":
      return { "if-match": `"${condition.version}"` };
  }
}

/** What the answer tells of what was asked. */
function outcomeOf(call: Call, { status, headers, body }: Reply): Outcome {
  if (status === 412) return { kind: "refused" };
  if (status === 404) return { kind: "absent" };
  if (status === 204 && call.kind === "delete") return { kind: "deleted" };
  if (status === 204) {
    return { kind: "superseded", version: Number(headers.get("etag")?.replaceAll('"', "")) };
  }
  if (status !== 200 && status !== 201) {
    return { kind: "unknown", reason: `${status} ${String(member(body, "detail"))}` };
  }
  const { version, token } = recordOf(body);
  return call.kind === "read" ? { kind: "found", version, token } : { kind: "written", version };
}

function recordOf(body: unknown): { version: Version; token: string } {
  const data = member(body, "data");
  const version = member(data, "version");
  const token = member(member(data, "value"), "token");
  if (typeof version === "number" && typeof token === "string") return { version, token };
  throw new TypeError(`Cannot read the record: got ${JSON.stringify(body)}`);
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
