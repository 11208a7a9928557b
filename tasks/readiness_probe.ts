import { z } from "zod";

/** Asks a process whether it can do its job: `undefined` when it can, otherwise why not. */
export type Probe = (origin: string, signal: AbortSignal) => Promise<string | undefined>;

/** Milliseconds that an answer may take. */
const TIMEOUT = 2_000;

const answerSchema = z.object({ checks: z.record(z.string(), z.string()).optional() });

/** Asks `/readyz`; a {@linkcode Probe}. */
export async function probeReadiness(origin: string, signal: AbortSignal): Promise<string | undefined> {
  let response: Response;
  try {
    response = await fetch(`${origin}/readyz`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
    });
  } catch {
    return "does not answer yet";
  }
  const body = await response.json().catch(() => undefined);
  return response.ok ? undefined : failedChecks(body) ?? `answers ${response.status}`;
}

function failedChecks(body: unknown): string | undefined {
  const { data } = answerSchema.safeParse(body);
  const failed = Object.entries(data?.checks ?? {}).filter(([, found]) => found !== "ok");
  return failed.map(([check, found]) => `${check}: ${found}`).join(", ") || undefined;
}
