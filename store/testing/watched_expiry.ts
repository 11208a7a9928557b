import { eventually, type ManualClock } from "@flotilla/runtime/testing";

/** What a watch of an entry with a time to live tells, first and once that is over by the store's clock. */
export async function watchedExpiry(kv: Deno.Kv, clock: ManualClock): Promise<unknown[]> {
  await kv.set(["short"], 1, { expireIn: 60_000 });
  const reader = kv.watch([["short"]]).getReader();
  const first = await reader.read();
  let told = false;
  const next = reader.read().finally(() => told = true);
  await eventually(async () => {
    await clock.advance(10_000);
    return told;
  }, { what: "the expiry to be told" });
  const second = await next;
  await reader.cancel();
  return [first, second].map(({ value }) => value?.[0]?.value);
}
