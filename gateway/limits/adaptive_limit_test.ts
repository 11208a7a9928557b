import { ProblemError } from "@flotilla/runtime";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createAdaptiveLimit } from "./adaptive_limit.ts";

const answer = (status: number) => () => Promise.resolve(new Response(null, { status }));

Deno.test("AdaptiveLimit.run() refuses what is beyond the limit with 503 and Retry-After, and sends nothing", async () => {
  const limit = createAdaptiveLimit({ initial: 2 });
  const { promise, resolve } = Promise.withResolvers<Response>();
  const running = [limit.run(() => promise), limit.run(() => promise)];
  let sent = false;
  assertThrows(() => limit.requireRoom(), ProblemError);
  const error = await assertRejects(() =>
    limit.run(() => {
      sent = true;
      return promise;
    }), ProblemError);
  assertEquals([error.status, error.headers.get("retry-after"), sent], [503, "1", false]);
  resolve(new Response());
  await Promise.all(running);
  assertEquals((await limit.run(answer(200))).status, 200);
});

Deno.test("AdaptiveLimit.run() makes room for one more after a round of answers, up to the most", async () => {
  const limit = createAdaptiveLimit({ initial: 4, most: 5 });
  for (let i = 0; i < 5; i++) await limit.run(answer(401));
  assertEquals(limit.limit, 5);
  for (let i = 0; i < 20; i++) await limit.run(answer(200));
  assertEquals(limit.limit, 5);
});

Deno.test("AdaptiveLimit.run() goes down once for all refusals of requests that were sent together", async () => {
  const limit = createAdaptiveLimit({ initial: 8 });
  await Promise.all(Array.from({ length: 8 }, () => limit.run(answer(503))));
  assertEquals(limit.limit, 6);
  await limit.run(answer(503));
  assertEquals(limit.limit, 4);
  for (let i = 0; i < 20; i++) await limit.run(answer(503));
  assertEquals(limit.limit, 2);
});

Deno.test("AdaptiveLimit.run() learns nothing from a request that failed, and lets another in its place", async () => {
  const limit = createAdaptiveLimit({ initial: 1, least: 1 });
  await assertRejects(() => limit.run(() => Promise.reject(new TypeError("connection lost"))), TypeError);
  assertEquals(limit.limit, 1);
  await limit.run(answer(200));
});

Deno.test("AdaptiveLimit.run() finds how many a role can take, and stays near it", async () => {
  const limit = createAdaptiveLimit();
  const capacity = 40;
  let [inside, refused, served] = [0, 0, 0];
  async function serve(): Promise<Response> {
    if (inside >= capacity) {
      refused++;
      return new Response(null, { status: 503 });
    }
    inside++;
    await Promise.resolve();
    await Promise.resolve();
    inside--;
    served++;
    return new Response();
  }
  for (let i = 0; i < 500; i++) {
    await Promise.allSettled(Array.from({ length: 400 }, () => limit.run(serve)));
  }
  assert(limit.limit >= capacity / 2 && limit.limit <= capacity + 1, `the limit is ${limit.limit}`);
  assert(refused < served / 20, `${refused} were refused inside, ${served} served`);
});

Deno.test("createAdaptiveLimit() refuses limits that are not in order", () => {
  assertThrows(() => createAdaptiveLimit({ initial: 1, least: 2 }), RangeError, "got 2, 1, 1024");
});
