import { assertEquals } from "@std/assert";
import { refreshTurn } from "./refresh_turn.ts";
import type { Session } from "./session.ts";

const SESSION: Session = {
  id: "k0-s",
  username: "ann",
  epoch: 0,
  generation: 5,
  rotated: 1_000,
  created: 0,
  expires: 1e9,
  ends: 1e9,
};

Deno.test("refreshTurn() judges each generation by its place and by the time since the last refresh", () => {
  const turn = (generation: number, now: number) =>
    refreshTurn(SESSION, generation, { now, reuseInterval: 10_000 });
  assertEquals([turn(5, 1_000), turn(5, 1e8)], ["next", "next"]);
  assertEquals([turn(4, 1_000), turn(4, 10_999), turn(4, 11_000)], ["again", "again", "reused"]);
  assertEquals([turn(3, 1_000), turn(0, 1_000)], ["reused", "reused"]);
  assertEquals(turn(6, 1_000), "unknown");
});
