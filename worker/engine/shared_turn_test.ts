import { assertEquals } from "@std/assert";
import { SharedTurn } from "./shared_turn.ts";

/** Work that is noted when it begins, and ends when it is told to. */
function works() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
  };
  return { begun, work, end: (name: string) => ends.get(name)?.() };
}

Deno.test("SharedTurn lets work go on together, and waits for it with what is to be alone", async () => {
  const turn = new SharedTurn();
  const { begun, work, end } = works();
  const [one, two] = [turn.together(work("one")), turn.together(work("two"))];
  await Promise.resolve();
  await Promise.resolve();
  const alone = turn.alone(work("alone"));
  const again = turn.alone(work("again"));
  const three = turn.together(work("three"));
  assertEquals(begun, ["one", "two"]);
  end("one");
  await one;
  assertEquals(begun, ["one", "two"]);
  end("two");
  await two;
  end("alone");
  for (const [name, done] of [["alone", alone], ["again", again], ["three", three]] as const) {
    while (!begun.includes(name)) await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
    assertEquals(begun.at(-1), name);
    end(name);
    assertEquals(await done, name);
  }
});

Deno.test("SharedTurn goes on after work that fails", async () => {
  const turn = new SharedTurn();
  const failed = [
    turn.together(() => Promise.reject(new Error("no"))),
    turn.alone(() => Promise.reject(new Error("no"))),
  ];
  assertEquals((await Promise.allSettled(failed)).map(({ status }) => status), ["rejected", "rejected"]);
  assertEquals(await turn.together(() => Promise.resolve(1)), 1);
  assertEquals(await turn.alone(() => Promise.resolve(2)), 2);
});
