import { assertEquals } from "@std/assert";
import { brokenSessions, staleReads } from "./freshness.ts";
import type { Operation } from "./history.ts";

const write = (client: string, end: number, version: number): Operation => ({
  client,
  key: "k",
  call: { kind: "put", token: `t${version}` },
  outcome: { kind: "written", version },
  start: end - 1,
  end,
});
const read = (client: string, start: number, version: number, maxStale?: number): Operation => ({
  client,
  key: "k",
  call: { kind: "read" },
  outcome: { kind: "found", version, token: `t${version}` },
  start,
  end: start + 1,
  ...(maxStale === undefined ? {} : { maxStale }),
});

Deno.test("staleReads() finds a read that misses a write from longer ago than the bound", () => {
  const history = [write("a", 10, 1), write("a", 20, 2), read("b", 125, 1)];
  assertEquals(staleReads(history, { bound: 100 }).map(({ age }) => age), [105]);
  assertEquals(staleReads(history, { bound: 105 }), []);
});

Deno.test("staleReads() lets a read be as old as it asked for", () => {
  const history = [write("a", 10, 1), write("a", 20, 2), read("b", 125, 1, 1_000)];
  assertEquals(staleReads(history, { bound: 0 }), []);
  assertEquals(staleReads([...history, read("b", 1_021, 1, 1_000)], { bound: 0 }).length, 1);
});

Deno.test("staleReads() does not mind a write that was under way", () => {
  assertEquals(staleReads([write("a", 10, 1), write("a", 20, 2), read("b", 19.5, 1)], { bound: 0 }), []);
});

Deno.test("brokenSessions() finds a client that does not see its own write, or goes back", () => {
  assertEquals(brokenSessions([write("a", 10, 2), read("a", 11, 1)]).length, 1);
  assertEquals(brokenSessions([read("a", 10, 2), read("a", 12, 1)]).length, 1);
  assertEquals(brokenSessions([write("a", 10, 2), read("b", 11, 1), read("b", 12, 2)]), []);
});
