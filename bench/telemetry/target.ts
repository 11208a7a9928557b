import { signIn, type System } from "@flotilla/tests";
import { deadline } from "@std/async/deadline";
import { fromFileUrl } from "@std/path";
import { wrk } from "../wrk.ts";
import { processorTime } from "../processor_time.ts";

/** A system that reads of one record are sent to. */
export interface Target {
  readonly system: System;
  readonly origin: string;
  readonly token: string;
}

/** What a system did under load. */
export interface Reading {
  /** Requests that were answered a second. */
  readonly rate: number;
  /** Microseconds of processor time that all its processes took for one, in the kernel and outside. */
  readonly cost: number;
}

/** How {@linkcode read} loads a system. */
export interface LoadOptions {
  readonly connections: number;
  readonly seconds: number;
}

const SCRIPT = fromFileUrl(import.meta.resolve("./read.lua"));
/** What a reading may take beyond its time; milliseconds. */
const PATIENCE = 20_000;

/** Signs in to a system. */
export async function targetOf(system: System): Promise<Target> {
  const { token } = await signIn(system.origin);
  return { system, origin: system.origin, token };
}

/**
 * Loads a system as fast as it answers.
 *
 * @throws {Error} when a request fails, or the load does not end
 */
export async function read(target: Target, load: LoadOptions): Promise<Reading> {
  const { origin, token } = target;
  const [before, started] = [await processorTime(pidsOf(target)), performance.now()];
  const running = wrk(`${origin}/`, { ...load, script: SCRIPT, args: [token] });
  const { requestsPerSecond: rate, errors } = await deadline(running, 1_000 * load.seconds + PATIENCE);
  const seconds = (performance.now() - started) / 1_000;
  if (errors > 0) throw new Error(`Cannot measure: ${errors} requests failed`);
  return { rate, cost: 1e6 * (await processorTime(pidsOf(target)) - before) / (rate * seconds) };
}

/** The processes of a system, without the supervisor. */
export function pidsOf({ system }: Pick<Target, "system">): number[] {
  return system.names.map((name) => system.pidOf(name));
}
