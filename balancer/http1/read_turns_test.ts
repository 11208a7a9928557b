import { assertEquals } from "@std/assert";
import { type Reader, ReadTurns } from "./read_turns.ts";

/** Turns of an event loop, with silence when the test says so. */
function setUp() {
  const silences: (() => void)[] = [];
  const turns = new ReadTurns((work) => silences.push(work));
  const proceeded: string[] = [];
  const reader = (name: string): Reader => ({
    waiting: false,
    proceed: () => void proceeded.push(name),
  });
  const turn = async (reads: number) => {
    for (let read = 0; read < reads; read++) turns.count();
    await Promise.resolve();
  };
  return { turns, proceeded, reader, turn, silences, silence: () => silences.shift()?.() };
}

Deno.test("ReadTurns.wait() lets a reader read on at once while every socket has its turn", async () => {
  const { turns, proceeded, reader, turn, silence } = setUp();
  await turn(127);
  turns.wait(reader("a"));
  await turn(127);
  turns.wait(reader("b"));
  assertEquals([proceeded, silence()], [["a", "b"], undefined]);
});

Deno.test("ReadTurns.wait() has who was served wait after a turn of too many, until there is one of few", async () => {
  const { turns, proceeded, reader, turn } = setUp();
  await turn(128);
  const twice = reader("a");
  for (const one of [twice, reader("b"), twice]) turns.wait(one);
  await turn(128);
  await turn(65);
  assertEquals(proceeded, []);
  await turn(64);
  assertEquals(proceeded, ["a", "b"]);
  turns.wait(reader("c"));
  assertEquals(proceeded, ["a", "b", "c"]);
});

Deno.test("ReadTurns lets those who wait read on in the order of their coming, a share of them at a time", async () => {
  const { turns, proceeded, reader, turn } = setUp();
  await turn(500);
  const names = Array.from({ length: 250 }, (_, index) => `${index}`);
  for (const name of names) turns.wait(reader(name));
  await turn(1);
  assertEquals(proceeded, names.slice(0, 96));
  await turn(96);
  assertEquals(proceeded, names.slice(0, 96));
  await turn(10);
  turns.wait(reader("late"));
  await turn(10);
  assertEquals(proceeded, [...names, "late"]);
});

Deno.test("ReadTurns leaves a reader alone that waits no longer", async () => {
  const { turns, proceeded, reader, turn } = setUp();
  await turn(128);
  const [gone, back] = [reader("gone"), reader("back")];
  for (const one of [gone, back]) turns.wait(one);
  gone.waiting = back.waiting = false;
  turns.wait(back);
  await turn(1);
  assertEquals(proceeded, ["back"]);
});

Deno.test("ReadTurns lets those who wait read on when nothing is read any more", async () => {
  const { turns, proceeded, reader, turn, silence } = setUp();
  await turn(128);
  for (let index = 0; index < 100; index++) turns.wait(reader(`${index}`));
  silence();
  await turn(128);
  silence();
  assertEquals(proceeded.length, 0);
  silence();
  assertEquals(proceeded.length, 96);
  silence();
  assertEquals(proceeded.length, 100);
  assertEquals(silence(), undefined);
});

Deno.test("ReadTurns looks after each silence once, however often it begins anew", async () => {
  const { turn, silences } = setUp();
  for (let round = 0; round < 5; round++) {
    await turn(128);
    await turn(1);
  }
  assertEquals(silences.length, 1);
});
