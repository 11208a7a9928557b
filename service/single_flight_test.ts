import { assertEquals, assertRejects } from "@std/assert";
import { SingleFlight } from "./single_flight.ts";

Deno.test("SingleFlight.run() does the work once for all who want it at the same time", async () => {
  const flights = new SingleFlight<number>();
  const { promise, resolve } = Promise.withResolvers<number>();
  let works = 0;
  const work = () => {
    works++;
    return promise;
  };
  const both = Promise.all([flights.run("a", work), flights.run("a", work)]);
  resolve(7);
  assertEquals(await both, [{ value: 7, joined: false }, { value: 7, joined: true }]);
  assertEquals(works, 1);
});

Deno.test("SingleFlight.run() does it again for those who come later", async () => {
  const flights = new SingleFlight<number>();
  await flights.run("a", () => Promise.resolve(1));
  assertEquals(await flights.run("a", () => Promise.resolve(2)), { value: 2, joined: false });
});

Deno.test("SingleFlight.run() gives everyone the error, and begins anew after it", async () => {
  const flights = new SingleFlight<number>();
  const { promise, reject } = Promise.withResolvers<number>();
  const both = Promise.allSettled([flights.run("a", () => promise), flights.run("a", () => promise)]);
  reject(new RangeError("no"));
  assertEquals((await both).map(({ status }) => status), ["rejected", "rejected"]);
  await assertRejects(() => flights.run("a", () => Promise.reject(new TypeError("still"))), TypeError);
});
