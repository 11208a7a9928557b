import { assertEquals } from "@std/assert";
import { ArrivingBodies } from "./arriving_bodies.ts";

/** A request that is answered when the test says so. */
function asked(bodies: ArrivingBodies, method: string) {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const answer = bodies.follow({ method }, promise);
  return { answer, resolve: () => resolve(new Response()), reject };
}

Deno.test("ArrivingBodies.answered() waits for the requests with content that had come, however they end", async () => {
  const bodies = new ArrivingBodies();
  const [first, second] = [asked(bodies, "POST"), asked(bodies, "PUT")];
  let over = false;
  const answered = bodies.answered().then(() => over = true);
  first.resolve();
  await first.answer;
  await Promise.resolve();
  assertEquals(over, false);
  second.reject(new Error("broken off"));
  await second.answer.catch(() => {});
  assertEquals(await answered, true);
});

Deno.test("ArrivingBodies.answered() does not wait for what comes later, has no content or is answered", async () => {
  const bodies = new ArrivingBodies();
  const done = asked(bodies, "POST");
  done.resolve();
  await done.answer;
  asked(bodies, "GET");
  asked(bodies, "HEAD");
  const response = new Response();
  assertEquals(bodies.follow({ method: "POST" }, response), response);
  const answered = bodies.answered();
  asked(bodies, "POST");
  await answered;
});
