import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { KvUnavailableError } from "./kv_connect/kv_errors.ts";
import { ManualClock } from "./manual_clock.ts";
import { openKv } from "./open_kv.ts";

const unreachable = () => new TypeError("Could not open Deno KV database: failed to connect to 'http://x'");

Deno.test("openKv() waits for a server that cannot be reached yet", async () => {
  const clock = new ManualClock();
  using kv = await Deno.openKv(":memory:");
  let tries = 0;
  const opened = openKv("http://x", {
    clock,
    retryInterval: 100,
    open: () => ++tries < 3 ? Promise.reject(unreachable()) : Promise.resolve(kv),
  });
  await clock.advance(199);
  assertEquals(tries, 2);
  await clock.advance(1);
  assertStrictEquals(await opened, kv);
});

Deno.test("openKv() waits for a server that is not up, or is about to stop", async () => {
  const clock = new ManualClock();
  using kv = await Deno.openKv(":memory:");
  let tries = 0;
  const opened = openKv("http://x", {
    clock,
    open: () => ++tries < 2 ? Promise.reject(new KvUnavailableError("away")) : Promise.resolve(kv),
  });
  await clock.advance(100);
  assertStrictEquals(await opened, kv);
});

Deno.test("openKv() throws at once when the server refuses", async () => {
  const refused = () => Promise.reject(new TypeError("Could not open Deno KV database: 401 Unauthorized"));
  await assertRejects(() => openKv("http://x", { open: refused }), TypeError, "401");
});

Deno.test("openKv() gives up when its signal is aborted", async () => {
  const controller = new AbortController();
  const opened = openKv("http://x", {
    clock: new ManualClock(),
    signal: controller.signal,
    open: () => Promise.reject(unreachable()),
  });
  controller.abort(new Error("stopped"));
  await assertRejects(() => opened, Error, "stopped");
});
