import { dirname, fromFileUrl } from "@std/path";
import { answering, type Pinned, startPinned } from "../pinned.ts";
import { processorTime } from "../processor_time.ts";
import { wrk, type WrkResult } from "../wrk.ts";
import type { Peer } from "./peers.ts";
import { pathOf, type Workload } from "./workloads.ts";

/** Where everything runs. */
export interface Layout {
  readonly folder: string;
  readonly upstreamPort: number;
  readonly peerPort: number;
  /** The peer's core; client and upstream share the other one. */
  readonly peerCore: number;
  readonly clientCore: number;
  /** Seconds of one measurement. */
  readonly seconds: number;
}

/** What one peer did under one workload. */
export interface Measurement extends WrkResult {
  readonly peer: string;
  readonly workload: string;
  /** Processor time of the peer's processes for one request, in microseconds. */
  readonly microseconds: number;
}

const HERE = dirname(fromFileUrl(import.meta.url));
/** Before each workload, so that its connections are open. */
const WARM_UP_SECONDS = 1;
/** Before the first one, so that compilers have seen what runs often. */
const START_UP_SECONDS = 2;

/** Starts a peer, warms it up with each workload, measures each, and stops it. */
export async function measureFull(
  peer: Peer,
  workloads: readonly Workload[],
  layout: Layout,
): Promise<Measurement[]> {
  const { seconds } = layout;
  const measured: Measurement[] = [];
  await using running = await startPeer(peer, layout);
  for (const [index, workload] of workloads.entries()) {
    await load(workload, layout, { seconds: index === 0 ? START_UP_SECONDS : WARM_UP_SECONDS });
    const result = await timed(running, () => load(workload, layout, { seconds }));
    measured.push({ peer: peer.name, workload: workload.name, ...result });
  }
  return measured;
}

/** What a load measures, and what its requests cost the peer. */
async function timed({ pid }: Pinned, run: () => Promise<WrkResult>) {
  const before = await processorTime([pid]);
  const result = await run();
  const seconds = await processorTime([pid]) - before;
  return { ...result, microseconds: 1_000_000 * seconds / result.requests };
}

/** Connections of the paced load: many, so that each may wait milliseconds between two requests. */
const PACED_CONNECTIONS = 256;
/**
 * Seconds of the paced load: the requests that wait until its 256 connections are open, all at once, are to be well below one per
 * cent, since it is about the load and not about its beginning.
 */
export const PACED_SECONDS = 6;
/** Of the same load before: with other connections and batches of another size, code of other ways is compiled. */
export const PACED_WARM_UP_SECONDS = 2;

/** The latency of a peer under a load that does not fill it: `rate` requests a second. */
export async function measurePaced(
  peer: Peer,
  workload: Workload,
  options: { layout: Layout; rate: number },
): Promise<Measurement> {
  const { layout, rate } = options;
  await using running = await startPeer(peer, layout);
  await load(workload, layout, { seconds: START_UP_SECONDS });
  const paced = (seconds: number) =>
    wrk(`http://127.0.0.1:${layout.peerPort}${pathOf(workload)}`, {
      core: layout.clientCore,
      connections: PACED_CONNECTIONS,
      seconds,
      script: `${HERE}/paced.lua`,
      args: [String(rate), String(PACED_CONNECTIONS)],
    });
  await paced(PACED_WARM_UP_SECONDS);
  const result = await timed(running, () => paced(PACED_SECONDS));
  return { peer: peer.name, workload: workload.name, ...result };
}

async function startPeer(peer: Peer, layout: Layout): Promise<Pinned> {
  const { folder, peerPort, upstreamPort, peerCore } = layout;
  const { command, env = {} } = await peer.command({ port: peerPort, upstream: upstreamPort, folder });
  const running = startPinned(command, { core: peerCore, env, cwd: folder });
  await answering(`http://127.0.0.1:${peerPort}/`, running);
  return running;
}

function load(workload: Workload, layout: Layout, options: { seconds: number }): Promise<WrkResult> {
  const { connections, method, bytes } = workload;
  const post = method === "POST" ? { script: `${HERE}/post.lua`, args: [String(bytes)] } : {};
  return wrk(`http://127.0.0.1:${layout.peerPort}${pathOf(workload)}`, {
    core: layout.clientCore,
    connections,
    seconds: options.seconds,
    ...post,
  });
}
