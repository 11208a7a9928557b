import { openKv, withDeadline } from "@flotilla/runtime";
import type { PlannedProcess } from "./plan.ts";

/** Milliseconds that the database has for an answer. */
const PATIENCE = 5_000;

/**
 * Opens the database that all gateways share, for a moment. Where it is not on the network, nothing is done.
 *
 * @throws {Error} when it cannot be reached, or what `use` throws
 */
export async function useSystemDatabase(
  processes: readonly PlannedProcess[],
  use: (kv: Deno.Kv) => Promise<unknown>,
): Promise<void> {
  const gateway = processes.find(({ role }) => role === "gateway");
  const target = gateway?.flags.find(([flag]) => flag === "database")?.[1];
  if (target === undefined || !/^https?:/.test(target)) return;
  using database = await openKv(target, { signal: AbortSignal.timeout(PATIENCE) });
  await use(withDeadline(database, { timeout: PATIENCE }));
}
