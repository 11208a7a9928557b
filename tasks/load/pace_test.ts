import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertRejects } from "@std/assert";
import { keepPace, type PaceOptions, type Turn } from "./pace.ts";

function start(send: (turn: Turn) => Promise<void>, options: Omit<PaceOptions, "clock">) {
  const clock = new ManualClock();
  return { clock, sent: keepPace(send, { ...options, clock }) };
}

Deno.test("keepPace() sends at its rate, though nothing is answered", async () => {
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  const dues: number[] = [];
  const { clock, sent } = start(({ due }) => {
    dues.push(due);
    return answered;
  }, { rate: 100, duration: 50 });
  await clock.advance(29);
  assertEquals(dues, [0, 10, 20]);
  await clock.advance(1_000);
  assertEquals(dues, [0, 10, 20, 30, 40]);
  resolve();
  assertEquals(await sent, 5);
});

Deno.test("keepPace() catches up when it was late, and counts the delay as latency", async () => {
  const latencies: number[] = [];
  const { clock, sent } = start(({ elapsed }) => {
    latencies.push(elapsed());
    return Promise.resolve();
  }, { rate: 100, duration: 50 });
  await clock.advance(1);
  clock.jump(34);
  await clock.advance(100);
  assertEquals(await sent, 5);
  assertEquals(latencies, [0, 25, 15, 5, 1]);
});

Deno.test("keepPace() charges a request for waiting until there is room for it", async () => {
  const answers: (() => void)[] = [];
  const latencies: number[] = [];
  const { clock, sent } = start(({ elapsed }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    answers.push(resolve);
    return promise.then(() => void latencies.push(elapsed()));
  }, { rate: 100, duration: 20, maxInFlight: 1 });
  await clock.advance(500);
  assertEquals(answers.length, 1);
  answers[0]?.();
  await clock.advance(2);
  answers[1]?.();
  await clock.advance(2);
  assertEquals(await sent, 2);
  assertEquals(latencies, [500, 492]);
});

Deno.test("keepPace() ends early when it is told to, after what is under way", async () => {
  const controller = new AbortController();
  let over = 0;
  const { clock, sent } = start(() => Promise.resolve().then(() => void over++), {
    rate: 10,
    duration: 60_000,
    signal: controller.signal,
  });
  await clock.advance(250);
  controller.abort();
  await clock.advance(2);
  assertEquals([await sent, over], [3, 3]);
});

Deno.test("keepPace() throws RangeError for a load that is none", async () => {
  const send = () => Promise.resolve();
  await assertRejects(
    () => keepPace(send, { rate: 0, duration: 1 }),
    RangeError,
    "rate must be above 0, got 0",
  );
});
