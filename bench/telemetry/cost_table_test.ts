import { assertEquals } from "@std/assert";
import { costTable } from "./cost_table.ts";

Deno.test("costTable() tells shares of the machine and changes under load, each with its error", () => {
  const loaded = [101, 103].map((cost) => ({
    without: { cost: 100, rate: 10_000 },
    with: { cost, rate: 1e6 / cost },
  }));
  const rested = [{ without: 50, with: 58 }, { without: 60, with: 72 }];
  const [, , line] = costTable([{ name: "looking", loaded, rested }], 2).split("\n");
  assertEquals(
    line,
    "| looking | +10.0 ± 2.0 | +0.5 % ± 0.1 % | 100 | 102 | +2.0 % ± 1.0 % | 10000 | 9805 | −2.0 % ± 1.0 % |",
  );
});

Deno.test("costTable() divides the changes by how many times as much was done", () => {
  const loaded = [{ without: { cost: 100, rate: 10_000 }, with: { cost: 110, rate: 9_000 } }];
  const [, , line] = costTable(
    [{ name: "looking", times: 10, loaded, rested: [{ without: 50, with: 70 }] }],
    2,
  )
    .split("\n");
  assertEquals(
    line?.replaceAll(/ ± NaN( %)?/g, ""),
    "| looking | +2.0 | +0.1 % | 100 | 110 | +1.0 % | 10000 | 9000 | −1.0 % |",
  );
});
