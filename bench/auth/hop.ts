import { freePort } from "@flotilla/runtime";
import { dirname, fromFileUrl, join } from "@std/path";
import { answering, type Pinned, startPinned } from "../pinned.ts";
import { processorTime } from "../processor_time.ts";
import { wrk } from "../wrk.ts";

/** How {@linkcode measureHop} measures. */
export interface HopOptions {
  /** How often each kind is measured, in turn. */
  rounds: number;
  /** Of each measurement. */
  seconds: number;
}

const KINDS = ["bare", "handler", "passage"] as const;
type Kind = (typeof KINDS)[number];

/** What one request of a kind costs, in microseconds of its process's time, in the median of the rounds. */
export interface Hop {
  /** A bare Hono proxy. */
  readonly bare: number;
  /** The gateway where each request is made an object, as all are that are no plain reads. */
  readonly handler: number;
  /** The gateway as it runs: plain reads pass as octets. */
  readonly passage: number;
  /** Times what the bare proxy costs in the same round, in the median. */
  readonly growth: Readonly<Record<"handler" | "passage", number>>;
}

const CONNECTIONS = 64;
const GATEWAY = join(dirname(fromFileUrl(import.meta.url)), "..", "..", "gateway", "testdata");

/**
 * Measures what `GET /data` costs a gateway and a bare proxy that call the same upstream by the same transport. They take
 * turns, so that a change of the machine meets all of them; processor time, so that whatever else runs on it hardly counts.
 */
export async function measureHop({ rounds, seconds }: HopOptions): Promise<Hop> {
  const upstream = new Worker(`file://${GATEWAY}/upstream_worker.ts`, { type: "module" });
  const upstreamPort = await new Promise<number>((resolve) =>
    upstream.onmessage = ({ data }) => resolve(data)
  );
  await using servers = new AsyncDisposableStack();
  servers.defer(() => upstream.terminate());
  const readings = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]));
  const running: { kind: Kind; server: Pinned; url: string }[] = [];
  for (const kind of KINDS) {
    const port = freePort();
    const url = `http://127.0.0.1:${port}/data`;
    const program = [Deno.execPath(), "run", "-A", `${GATEWAY}/hop_server.ts`];
    const server = servers.use(startPinned([...program, kind, String(port), String(upstreamPort)], {}));
    await answering(`http://127.0.0.1:${port}/healthz`, server);
    running.push({ kind, server, url });
    await load(url, 2 * seconds);
  }
  for (let round = 0; round < rounds; round++) {
    for (const { kind, server: { pid }, url } of running) {
      const before = await processorTime([pid]);
      const requests = await load(url, seconds);
      readings.get(kind)?.push(1_000_000 * (await processorTime([pid]) - before) / requests);
    }
  }
  return summed(readings);
}

async function load(url: string, seconds: number): Promise<number> {
  const headers = { accept: "application/json", authorization: "Bearer a-token", "user-agent": "bench" };
  const { requests, errors } = await wrk(url, { connections: CONNECTIONS, seconds, headers });
  if (errors > 0) throw new Error(`Cannot measure ${url}: ${errors} of ${requests} requests failed`);
  return requests;
}

function summed(readings: ReadonlyMap<Kind, readonly number[]>): Hop {
  const of = (kind: Kind) => readings.get(kind) ?? [];
  const growth = (kind: Kind) => median(of(kind).map((time, round) => time / (of("bare")[round] ?? NaN)));
  return {
    bare: median(of("bare")),
    handler: median(of("handler")),
    passage: median(of("passage")),
    growth: { handler: growth("handler"), passage: growth("passage") },
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
