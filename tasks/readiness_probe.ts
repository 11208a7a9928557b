import { z } from "zod";
import { adminOriginOf, type PlannedProcess } from "./plan.ts";
import { unrecorded } from "./unrecorded.ts";
import { upstreamsDown } from "./upstream_check.ts";

/** Asks a process whether it can do its job: `undefined` when it can, otherwise why not. */
export type Probe = (process: PlannedProcess, signal: AbortSignal) => Promise<string | undefined>;

/** Milliseconds that an answer may take. */
const TIMEOUT = 2_000;

const answerSchema = z.object({ checks: z.record(z.string(), z.string()).optional() });

/** Asks `/readyz`, and a balancer for its upstreams as well; a {@linkcode Probe}. */
export async function probeReadiness(
  process: PlannedProcess,
  signal: AbortSignal,
): Promise<string | undefined> {
  const origin = adminOriginOf(process);
  const patience = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]);
  try {
    const response = await fetch(`${origin}/readyz`, { headers: unrecorded(), signal: patience });
    const body = await response.json().catch(() => undefined);
    if (!response.ok) return failedChecks(body) ?? `answers ${response.status}`;
    const down = process.role === "balancer" ? await upstreamsDown(origin, patience) : [];
    return down.length === 0 ? undefined : `sends nothing to ${down.join(", ")} yet`;
  } catch {
    return "does not answer yet";
  }
}

function failedChecks(body: unknown): string | undefined {
  const { data } = answerSchema.safeParse(body);
  const failed = Object.entries(data?.checks ?? {}).filter(([, found]) => found !== "ok");
  return failed.map(([check, found]) => `${check}: ${found}`).join(", ") || undefined;
}
