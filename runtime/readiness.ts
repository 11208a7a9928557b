import { deadline } from "@std/async/deadline";

/**
 * Looks whether a dependency answers: resolves when it does, rejects with what is wrong when it does not. The signal is
 * aborted when nobody waits any longer.
 */
export type ReadinessCheck = (signal: AbortSignal) => Promise<void>;

/** What `/readyz` found. */
export interface Readiness {
  readonly ready: boolean;
  /** `ok`, or what is wrong, by the name of the check. */
  readonly checks: Readonly<Record<string, string>>;
}

/** Runs all checks at once, each given `timeout` milliseconds. */
export async function checkReadiness(
  checks: Readonly<Record<string, ReadinessCheck>>,
  timeout: number,
): Promise<Readiness> {
  const entries = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await outcome(check, timeout)] as const),
  );
  return { ready: entries.every(([, text]) => text === "ok"), checks: Object.fromEntries(entries) };
}

async function outcome(check: ReadinessCheck, timeout: number): Promise<string> {
  const controller = new AbortController();
  try {
    await deadline(check(controller.signal), timeout);
    return "ok";
  } catch (error) {
    return error instanceof Error ? error.message : "failed";
  } finally {
    controller.abort();
  }
}
