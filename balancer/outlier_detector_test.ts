import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ManualClock } from "@flotilla/runtime/testing";
import {
  ejectionCeiling,
  nextLevel,
  OutlierDetector,
  type OutlierOptions,
  readOutlier,
} from "./outlier_detector.ts";
import { identify, UpstreamState } from "./upstream_state.ts";

function detect(count: number, options: OutlierOptions = {}) {
  const clock = new ManualClock();
  const members = Array.from(
    { length: count },
    (_, i) => new UpstreamState(identify({ url: `http://u${i}` }), { kind: "up", since: 0 }),
  );
  const detector = new OutlierDetector(readOutlier(options), {
    clock,
    now: clock.now,
    members: () => members,
    changed: () => {},
  });
  const answer = (index: number, ...statuses: number[]) => {
    const upstream = members[index];
    if (upstream !== undefined) { for (const status of statuses) detector.answered(upstream, status); }
  };
  const ejected = () => members.map(({ ejection }) => ejection.kind === "ejected" ? "x" : ".").join("");
  return { clock, members, detector, answer, ejected };
}

Deno.test("OutlierDetector ejects after so many failures in a row, not before", () => {
  const { answer, ejected } = detect(2);
  answer(0, 500, 502, 504, 500, 200, 500, 500, 500, 500);
  assertEquals(ejected(), "..");
  answer(0, 500);
  assertEquals(ejected(), "x.");
});

Deno.test("OutlierDetector takes 503 for a refusal, which is neither a failure nor a success", () => {
  const { answer, ejected } = detect(2);
  answer(0, ...new Array(50).fill(503));
  assertEquals(ejected(), "..");
  answer(0, 500, 500, 500, 503, 500, 503, 500);
  assertEquals(ejected(), "x.");
});

Deno.test("OutlierDetector does not hold against an upstream what is about the request", () => {
  const { answer, ejected } = detect(2);
  answer(0, 404, 501, 505, 501, 505, 400, 499);
  assertEquals(ejected(), "..");
});

Deno.test("OutlierDetector ejects one of two, but never the last", () => {
  const { answer, ejected } = detect(2);
  const failures = Array(20).fill(500);
  answer(0, ...failures);
  answer(1, ...failures);
  assertEquals(ejected(), "x.");
  const alone = detect(1);
  alone.answer(0, ...failures);
  assertEquals(alone.ejected(), ".");
});

Deno.test("OutlierDetector lets the ejected in again, longer each time", async () => {
  const { clock, answer, ejected } = detect(3, { baseEjection: 1_000 });
  for (const duration of [1_000, 2_000, 3_000]) {
    answer(0, 500, 500, 500, 500, 500);
    await clock.advance(duration - 1);
    assertEquals(ejected(), "x..");
    await clock.advance(1);
    assertEquals(ejected(), "...");
  }
});

Deno.test("OutlierDetector ejects for no longer than the longest ejection", async () => {
  const { clock, answer, ejected } = detect(3, { baseEjection: 1_000, maxEjection: 2_500 });
  for (const duration of [1_000, 2_000, 2_500, 2_500]) {
    answer(0, 500, 500, 500, 500, 500);
    await clock.advance(duration - 1);
    assertEquals(ejected(), "x..");
    await clock.advance(1);
    assertEquals(ejected(), "...");
  }
});

Deno.test("OutlierDetector ejects no more than the share allows, however many fail", () => {
  const { answer, ejected } = detect(5, { maxShare: 0.4 });
  for (let index = 0; index < 5; index++) answer(index, ...Array(20).fill(500));
  assertEquals(ejected(), "xx...");
});

Deno.test("OutlierDetector.close() lets no timer run on", () => {
  const { clock, answer, detector } = detect(2);
  answer(0, 500, 500, 500, 500, 500);
  detector.close();
  assertEquals(clock.pending, 0);
});

Deno.test("nextLevel() comes down by one for each base time in good standing", () => {
  assertEquals(nextLevel({ kind: "none", level: 3, since: 0 }, 999, 1_000), 4);
  assertEquals(nextLevel({ kind: "none", level: 3, since: 0 }, 2_000, 1_000), 2);
  assertEquals(nextLevel({ kind: "none", level: 3, since: 0 }, 60_000, 1_000), 1);
});

Deno.test("ejectionCeiling() leaves at least one, and lets at least one go while there are two", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5_000 }),
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      (members, share) => {
        const ceiling = ejectionCeiling(members, share);
        assertEquals([ceiling >= 1, ceiling < members], [true, true]);
      },
    ),
  );
  assertEquals([1, 2, 3, 10, 1_000].map((members) => ejectionCeiling(members, 0.5)), [0, 1, 1, 5, 500]);
});

Deno.test("readOutlier() refuses options out of range", () => {
  assertThrows(() => readOutlier({ consecutive: 0 }), RangeError, "consecutive must be at least 1, got 0");
  assertThrows(() => readOutlier({ baseEjection: 10, maxEjection: 5 }), RangeError, "baseEjection");
  assertThrows(() => readOutlier({ maxShare: 10 }), RangeError, "maxShare must be 0 to 1, got 10");
});
