import { assertEquals } from "@std/assert";
import { LiveScreen } from "./live_screen.ts";

function recorded(columns: number, rows: number) {
  const written: string[] = [];
  const screen = new LiveScreen({
    write: (text) => void written.push(text),
    size: () => ({ columns, rows }),
  });
  return { screen, written };
}

Deno.test("LiveScreen.draw() goes back to where it drew before", () => {
  const { screen, written } = recorded(80, 24);
  screen.draw(["one", "two"]);
  screen.draw(["three"]);
  assertEquals(written.slice(1), ["one\x1b[K\ntwo\x1b[K\n\x1b[J", "\x1b[2A\rthree\x1b[K\n\x1b[J"]);
});

Deno.test("LiveScreen.draw() cuts what does not fit, and counts no column for colours", () => {
  const { screen, written } = recorded(4, 3);
  screen.draw(["\x1b[31mcolour\x1b[39m", "b", "c"]);
  assertEquals(written[1], "\x1b[31mcolo\x1b[39m\x1b[K\nb\x1b[K\n\x1b[J");
});

Deno.test("LiveScreen gives the cursor back", () => {
  const { screen, written } = recorded(80, 24);
  screen[Symbol.dispose]();
  assertEquals(written, ["\x1b[?25l", "\x1b[?25h"]);
});
