import { startSystem, type System } from "@flotilla/tests";

/** The stores of a system. */
const STORES = ["worker_cache", "database", "cache"] as const;
/** Seconds that a system has to come to rest. */
const SETTLE_SECONDS = 10;

/** How many requests a second a store answers while nobody asks the system for anything. */
export interface IdleRate {
  readonly store: string;
  readonly perSecond: number;
}

/** Starts a whole system, leaves it alone, and counts what its stores are asked for. */
export async function measureIdleRequests(seconds: number): Promise<IdleRate[]> {
  await using system = await startSystem({ environment: { FLOTILLA_LOG_LEVEL: "error" } });
  await pause(SETTLE_SECONDS);
  const before = await countRequests(system);
  await pause(seconds);
  const after = await countRequests(system);
  return STORES.map((store, index) => ({
    store,
    perSecond: ((after[index] ?? NaN) - (before[index] ?? NaN)) / seconds,
  }));
}

async function countRequests(system: System): Promise<number[]> {
  return await Promise.all(STORES.map(async (store) => {
    const text = await (await fetch(`${system.originOf(store)}/metrics`)).text();
    const counted = text.matchAll(/^flotilla_store_(?:read_seconds_count|writes_total\{[^}]*\}) (\d+)$/gm);
    return [...counted].reduce((sum, [, count]) => sum + Number(count), 0);
  }));
}

async function pause(seconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}
