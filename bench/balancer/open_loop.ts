/** One request of an open-loop load. */
export interface Sample {
  /** When it was due, in milliseconds since the load began: a late start counts as latency. */
  readonly due: number;
  /** Milliseconds from when it was due until its answer was whole. */
  readonly latency: number;
  /** The answer's status, or 0 when there was none. */
  readonly status: number;
}

/** How {@linkcode openLoop} loads. */
export interface OpenLoopOptions {
  /** Requests a second. */
  rate: number;
  /** Milliseconds. */
  duration: number;
  /** What a request has beside its address, by its number from 0 on. @default a GET without more */
  init?: (turn: number) => RequestInit;
  /** Ends a request that takes longer; milliseconds. @default 10_000 */
  timeout?: number;
}

/**
 * Sends requests at a constant rate, whether or not earlier ones were answered, and takes each one's latency from when
 * it was due: so a server that stands still is charged for what it kept waiting (coordinated omission).
 */
export async function openLoop(url: string, options: OpenLoopOptions): Promise<Sample[]> {
  const { rate, duration, init = () => ({}), timeout = 10_000 } = options;
  const begun = performance.now();
  const running: Promise<Sample>[] = [];
  const total = Math.round(rate * duration / 1_000);
  while (running.length < total) {
    const reached = Math.min(total, Math.floor((performance.now() - begun) * rate / 1_000) + 1);
    while (running.length < reached) {
      const turn = running.length;
      running.push(send(url, init(turn), { timeout, begun, due: turn * 1_000 / rate }));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return await Promise.all(running);
}

async function send(
  url: string,
  init: RequestInit,
  options: { timeout: number; begun: number; due: number },
): Promise<Sample> {
  const { timeout, begun, due } = options;
  let status = 0;
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeout) });
    await response.arrayBuffer();
    status = response.status;
  } catch {
    // No answer: the status stays 0.
  }
  return { due, latency: performance.now() - begun - due, status };
}

/** What a span of an open-loop load came to. */
export interface Span {
  readonly requests: number;
  /** Without an answer, or with a status of 500 and above. */
  readonly failed: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Sums up the requests that were due from `start` until `end`, in milliseconds since the load began. */
export function sumUp(samples: readonly Sample[], start: number, end: number): Span {
  const within = samples.filter(({ due }) => due >= start && due < end);
  const latencies = within.map(({ latency }) => latency).sort((a, b) => a - b);
  return {
    requests: within.length,
    failed: within.filter(failed).length,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

/** Whether the request had no answer, or one that says the server failed. */
export function failed({ status }: Sample): boolean {
  return status === 0 || status >= 500;
}

/** The value below which a share of the ascending values lie (nearest rank); 0 when there are none. */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.ceil(share * ascending.length) - 1)] ?? 0;
}
