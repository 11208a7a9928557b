import { createAssertionSigner } from "@flotilla/auth/verify";
import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertRejects } from "@std/assert";
import { ownerStanding } from "./owner_standing.ts";
import { START, testTask } from "./testing/tasks.ts";
import { TEST_KEY } from "./testing/worker_lab.ts";

/** Asks an auth service that gives this answer. */
async function ask(answer: Response): Promise<boolean> {
  const clock = new ManualClock();
  const signer = createAssertionSigner({ key: TEST_KEY, issuer: "worker_1", clock });
  const fetch = (request: Request) => {
    assertEquals(request.url, "http://auth/auth/standing");
    return Promise.resolve(answer);
  };
  return await ownerStanding({ origin: "http://auth", fetch }, { signer, clock })(testTask());
}

const since = (time: number) => new Date(time).toISOString();

Deno.test("ownerStanding() says whether the account that sent the task is there and enabled", async () => {
  assertEquals(await ask(Response.json({ active: true, since: since(START) })), true);
  assertEquals(await ask(Response.json({ active: false, since: since(START) })), false);
  assertEquals(await ask(Response.json({ active: false })), false);
});

Deno.test("ownerStanding() does not take another account for it that has the same name since", async () => {
  assertEquals(await ask(Response.json({ active: true, since: since(START + 1) })), false);
});

Deno.test("ownerStanding() rejects when there is no answer", async () => {
  await assertRejects(() => ask(Response.json({}, { status: 503 })), Error, "503");
});
