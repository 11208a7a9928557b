import { unrecorded } from "./unrecorded.ts";

const UP = /^flotilla_balancer_upstream_up\{upstream="([^"]*)"\} (\d)/gm;

/**
 * Which upstreams a balancer does not send requests to yet, from its measures. A balancer is ready when it has one; a
 * system has started when it has all.
 */
export async function upstreamsDown(origin: string, signal: AbortSignal): Promise<string[]> {
  const response = await fetch(`${origin}/metrics`, { headers: unrecorded(), signal });
  return downIn(await response.text());
}

/** The upstreams that measures in Prometheus's text format tell as down. */
export function downIn(measures: string): string[] {
  return [...measures.matchAll(UP)].flatMap(([, upstream = "", up]) => up === "1" ? [] : [upstream]);
}
