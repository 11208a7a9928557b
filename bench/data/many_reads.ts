import { ASSERTION_HEADER, createAssertionSigner, RIGHTS } from "@flotilla/auth/verify";
import { internalKey } from "@flotilla/runtime";
import { recordId } from "./many_records.ts";

/** Times of one kind of request, one after the other; milliseconds. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
}

/** What was measured with one number of records. */
export interface CountReading {
  readonly records: number;
  readonly loadSeconds: number;
  readonly bytes: number;
  readonly storeStartMs: number;
  readonly serviceStartMs: number;
  /** A record that nobody has read before. */
  readonly get: Times;
  /** A page of ten somewhere in the middle, which nobody has read before. */
  readonly list10: Times;
  readonly list100: Times;
  readonly list1000: Times;
  /** Records that `POST /data/import` takes a second. */
  readonly importPerSecond: number;
}

type Reads = Pick<CountReading, "get" | "list10" | "list100" | "list1000" | "importPerSecond">;
type Ask = (path: string, init?: RequestInit) => Promise<string>;

const GETS = 1_000;
const LISTS = 100;
const IMPORTED = 5_000;

/** Asks a service for single records and for pages, all of them for the first time, and imports some. */
export async function measureReads(service: string, records: number): Promise<Reads> {
  const ask = await caller(service);
  // What both need once, such as compiling code, is not to be part of the times.
  for (let turn = 0; turn < 200; turn++) await ask(`/data/${recordId(turn)}`);
  const step = Math.floor((records - 1_000) / (GETS + 1));
  const get = await times(GETS, (turn) => ask(`/data/${recordId(300 + turn * step)}`));
  const list = (limit: number) =>
    times(LISTS, (turn) => {
      const from = Math.floor((records - 1_000) * (turn + 0.5) / LISTS);
      return ask(`/data?limit=${limit}&cursor=${btoa(recordId(from)).replaceAll("=", "")}`);
    });
  const lists = { list10: await list(10), list100: await list(100), list1000: await list(1_000) };
  return { get, ...lists, importPerSecond: await importRate(ask) };
}

async function caller(service: string): Promise<Ask> {
  const signer = createAssertionSigner({ key: internalKey(), issuer: "bench" });
  const principal = {
    subject: "admin",
    role: "admin",
    rights: RIGHTS.admin,
    session: "bench",
    tokenId: "bench",
    expires: 4_000_000_000,
  } as const;
  await signer.sign({ kind: "user", principal });
  return async (path, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set(ASSERTION_HEADER, await signer.sign({ kind: "user", principal }));
    const response = await fetch(`${service}${path}`, { ...init, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(`Cannot measure ${path}: ${response.status} ${text}`);
    return text;
  };
}

async function times(count: number, request: (turn: number) => Promise<unknown>): Promise<Times> {
  const taken: number[] = [];
  for (let turn = 0; turn < count; turn++) {
    const begun = performance.now();
    await request(turn);
    taken.push(performance.now() - begun);
  }
  taken.sort((a, b) => a - b);
  return { p50: taken[count >> 1] ?? 0, p99: taken[Math.floor(count * 0.99)] ?? 0 };
}

async function importRate(ask: Ask): Promise<number> {
  const lines = Array.from({ length: IMPORTED }, (_, number) => {
    return `${JSON.stringify({ id: `i${number}`, value: { name: `i${number}`, count: number } })}\n`;
  });
  const begun = performance.now();
  const headers = { "content-type": "application/jsonl" };
  await ask("/data/import", { method: "POST", headers, body: lines.join("") });
  return IMPORTED / (performance.now() - begun) * 1_000;
}

/** A Markdown table: a column for each number of records. */
export function countsTable(readings: readonly CountReading[]): string {
  const row = (name: string, cell: (reading: CountReading) => string) =>
    `| ${[name, ...readings.map(cell)].join(" | ")} |`;
  const both = ({ p50, p99 }: Times) => `${p50.toFixed(2)} / ${p99.toFixed(2)} ms`;
  return [
    row("", ({ records }) => `${records.toLocaleString("en")} records`),
    `| --- |${" ---: |".repeat(readings.length)}`,
    row("size on disk", ({ bytes }) => `${(bytes / 1_000_000).toFixed(1)} MB`),
    row(
      "bytes a record on disk",
      ({ bytes, records }) => String(Math.round(bytes / records)),
    ),
    row("start of the store", ({ storeStartMs }) => `${Math.round(storeStartMs)} ms`),
    row("start of the service", ({ serviceStartMs }) => `${Math.round(serviceStartMs)} ms`),
    row("get, never read before, p50 / p99", ({ get }) => both(get)),
    row("page of 10, p50 / p99", ({ list10 }) => both(list10)),
    row("page of 100, p50 / p99", ({ list100 }) => both(list100)),
    row("page of 1,000, p50 / p99", ({ list1000 }) => both(list1000)),
    row("load in atomic writes of 500", ({ loadSeconds, records }) => {
      return `${Math.round(records / loadSeconds).toLocaleString("en")} records/s`;
    }),
    row("`POST /data/import`", ({ importPerSecond }) => {
      return `${Math.round(importPerSecond).toLocaleString("en")} records/s`;
    }),
  ].join("\n");
}
