import { assertEquals, assertThrows } from "@std/assert";
import type { Health } from "./health.ts";
import { chooseRotation, isReady, readPanic } from "./rotation.ts";
import { identify, UpstreamState } from "./upstream_state.ts";

const UP: Health = { kind: "up", since: 0 };
const UNKNOWN: Health = { kind: "unknown" };
const GONE: Health = { kind: "down", since: 0, reason: "unreachable", detail: "" };
const UNREADY: Health = { kind: "down", since: 0, reason: "unready", detail: "" };

function member(
  id: string,
  health: Health,
  more: { ejected?: boolean; draining?: boolean } = {},
): UpstreamState {
  const upstream = new UpstreamState(identify({ url: `http://${id}` }), health);
  if (more.ejected) upstream.ejection = { kind: "ejected", level: 1, until: 1 };
  upstream.draining = more.draining ?? false;
  return upstream;
}

function rotation(...members: UpstreamState[]) {
  const { mode, upstreams } = chooseRotation(members, readPanic());
  return { mode, ids: upstreams.map(({ id }) => id).join() };
}

Deno.test("chooseRotation() takes those that are up, not ejected and not draining", () => {
  const ejected = member("c", UP, { ejected: true });
  assertEquals(rotation(member("a", UP), member("b", UP), ejected), { mode: "normal", ids: "a,b" });
  assertEquals(rotation(member("a", UP), member("b", UP, { draining: true })), { mode: "normal", ids: "a" });
  assertEquals(rotation(member("a", UP), member("b", UNKNOWN)), { mode: "normal", ids: "a" });
});

Deno.test("chooseRotation() keeps one ejected of two out, for half is not below half", () => {
  assertEquals(rotation(member("a", UP), member("b", UP, { ejected: true })), { mode: "normal", ids: "a" });
});

Deno.test("chooseRotation() ignores ejections when too few would be left, but not checks that fail", () => {
  const rest = [member("b", UP, { ejected: true }), member("c", GONE)];
  assertEquals(rotation(member("a", UP), ...rest), { mode: "ejections_ignored", ids: "a,b" });
});

Deno.test("chooseRotation() does not panic over upstreams that are dead: they could not help", () => {
  assertEquals(rotation(member("a", UP), member("b", GONE), member("c", GONE)), { mode: "normal", ids: "a" });
});

Deno.test("chooseRotation() takes unchecked ones while none is known to be up", () => {
  assertEquals(rotation(member("a", UNKNOWN), member("b", GONE)), { mode: "unchecked", ids: "a" });
});

Deno.test("chooseRotation() takes those that answer their checks badly when there is no better one", () => {
  assertEquals(rotation(member("a", UNREADY), member("b", GONE)), { mode: "failing", ids: "a" });
  assertEquals(rotation(member("b", GONE)), { mode: "empty", ids: "" });
  assertEquals(rotation(), { mode: "empty", ids: "" });
});

Deno.test("isReady() asks that somebody is known to be able", () => {
  const ready = (...members: UpstreamState[]) => isReady(chooseRotation(members, readPanic()));
  assertEquals([ready(member("a", UP)), ready(member("a", UP, { ejected: true }))], [true, true]);
  assertEquals([ready(member("a", UNKNOWN)), ready(member("a", UNREADY)), ready()], [false, false, false]);
});

Deno.test("readPanic() refuses a threshold that is no share", () => {
  assertThrows(() => readPanic({ threshold: 50 }), RangeError, "threshold must be 0 to 1, got 50");
});
