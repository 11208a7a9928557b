import { assertEquals } from "@std/assert";
import { Roster, type Seat } from "./roster.ts";

Deno.test("Roster holds what was added and not deleted, whatever the order, and forgives a second deletion", () => {
  const roster = new Roster<number>();
  const seats = new Map<number, Seat<number>>();
  for (let number = 0; number < 10; number++) seats.set(number, roster.add(number));
  for (const number of [0, 9, 4, 4, 5]) {
    const seat = seats.get(number);
    if (seat !== undefined) roster.delete(seat);
  }
  assertEquals([roster.size, roster.all().toSorted()], [6, [1, 2, 3, 6, 7, 8]]);
  for (const seat of roster.seats()) roster.delete(seat);
  assertEquals(roster.size, 0);
});

Deno.test("Roster.forEach() visits everybody who does not leave meanwhile", () => {
  const numbers = Array.from({ length: 8 }, (_, number) => number);
  for (const leaving of numbers) {
    for (const other of numbers) {
      const roster = new Roster<number>();
      const seats = numbers.map((number) => roster.add(number));
      const visited = new Set<number>();
      roster.forEach((number) => {
        visited.add(number);
        if (number !== leaving) return;
        for (const left of [leaving, other]) roster.delete(seats[left] ?? { taken: -1, index: -1 });
        roster.add(leaving);
      });
      const stayed = numbers.filter((number) => number !== other || visited.has(number));
      assertEquals([...visited].toSorted(), stayed);
    }
  }
});
