import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { stripAnsiCode } from "@std/fmt/colors";
import type { Answer } from "./api_client.ts";
import { renderPage } from "./html_report.ts";
import { renderLive } from "./live_view.ts";
import { type Killed, makeReport } from "./load_report.ts";
import { SCENARIOS, type Step } from "./scenario.ts";
import { Tally } from "./tally.ts";
import { renderComparison, renderReport } from "./text_report.ts";

const read: Step = { name: "read <it>", weight: 1, method: "GET", path: "/data", idempotent: true };
const write: Step = { ...read, name: "write", method: "POST", idempotent: false };

function answer(status: number, cached?: boolean): Answer {
  return { kind: "answer", status, gateway: "gateway_1", upstream: "service_1", cached, task: undefined };
}

const kills: Killed[] = [{ instance: "service_1", pid: 7, at: 5_000 }];

function sampleTally(): Tally {
  const tally = new Tally();
  tally.add({ step: read, due: 100, latency: 2, answer: answer(200, false) });
  tally.add({ step: read, due: 1_100, latency: 4, answer: answer(200, true) });
  tally.add({ step: read, due: 4_900, latency: 200, answer: { kind: "none", reason: "TypeError" } });
  tally.add({ step: read, due: 6_900, latency: 1, answer: answer(503) });
  tally.add({ step: read, due: 7_000, latency: 1, answer: answer(503) });
  tally.add({ step: read, due: 4_000, latency: 900, answer: answer(500) });
  tally.add({ step: write, due: 9_000, latency: 1, answer: answer(503) });
  return tally;
}

function sample(strategy?: string) {
  return makeReport(sampleTally(), {
    scenario: SCENARIOS.failure,
    url: "http://127.0.0.1:8000",
    began: 0,
    rate: 100,
    duration: 10,
    kills,
    ...(strategy === undefined ? {} : { strategy }),
  });
}

Deno.test("Tally counts by second, by kind of request and by instance", () => {
  const { requests, failed, failures, hitRatio, slices, steps, upstreams } = sampleTally();
  assertEquals([requests, failed, hitRatio], [7, 5, 0.5]);
  assertEquals(failures, { 500: 1, 503: 3, TypeError: 1 });
  assertEquals(upstreams, { service_1: 6 });
  assertEquals(slices.map((slice) => slice.requests), [1, 1, 0, 0, 2, 0, 1, 1, 0, 1]);
  assertEquals([slices[9]?.failed, slices[9]?.failedIdempotent], [1, 0]);
  assertEquals(steps.map(({ name, requests }) => [name, requests]), [["read <it>", 6], ["write", 1]]);
  assertAlmostEquals(slices[1]?.p99 ?? 0, 4, 0.04);
});

Deno.test("makeReport() tells failures that a death explains from others, and counts idempotent ones only", () => {
  // In the instance when it died, and due 1.9 s after; not: due 2 s after, and over before it died.
  assertEquals(sample().idempotentFailures, { whileDetecting: 2, otherwise: 2 });
});

Deno.test("renderReport() and renderComparison() name what a reader looks for", () => {
  const text = renderReport(sample());
  assertStringIncludes(text, "after detection: 2");
  assertStringIncludes(text, "killed service_1 (process 7) 5.0 s into the load");
  assert(/^read <it> +6 +4 /m.test(text), text);
  assert(/^peak-ewma +7 +5 /m.test(renderComparison([sample("random"), sample("peak-ewma")])));
});

Deno.test("renderLive() shows progress, spread, hits and errors", () => {
  const progress = { title: "t", elapsed: 5_000, duration: 10_000, inFlight: 3, kills };
  const text = renderLive(sampleTally(), progress).map(stripAnsiCode).join("\n");
  for (const part of ["50.0%", "3 under way", "3 × 503", "gateway_1", "service_1", "killed service_1"]) {
    assertStringIncludes(text, part);
  }
});

Deno.test("renderPage() refers to nothing outside itself, escapes names, and marks what was killed", () => {
  const page = renderPage([sample("round-robin"), sample("peak-ewma")]);
  assertEquals(page.match(/(src|href)=|url\(|<script/g), null);
  assert(page.includes("read &lt;it&gt;") && !page.includes("<it>"));
  assertStringIncludes(page, "service_1 killed");
  assertStringIncludes(page, "Side by side");
});
