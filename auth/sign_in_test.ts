import { eventually } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import type { HashEngine } from "./passwords/hash_engine.ts";
import { type Argon2Job, deriveArgon2id } from "./passwords/argon2id.ts";
import { createPasswordHasher } from "./passwords/password_hasher.ts";
import { type AuthFixture, setUp } from "./testdata/fixture.ts";

const CHEAP = { memory: 8, passes: 1 };

/** An engine that tells what it was asked. */
function countingEngine() {
  const jobs: Argon2Job[] = [];
  const engine: HashEngine = {
    parallelism: 1,
    derive(job) {
      jobs.push(job);
      return deriveArgon2id(job);
    },
    [Symbol.dispose]() {},
  };
  return { engine, jobs };
}

async function tryLogin({ call }: AuthFixture, username: string, password: string) {
  const response = await call("/auth/login", {
    method: "POST",
    body: { username, password },
    headers: { "x-request-id": "r-1" },
  });
  return { status: response.status, headers: [...response.headers], body: await response.json() };
}

async function disable({ kv }: AuthFixture): Promise<void> {
  const key = ["auth", "user", "admin"];
  const { value } = await kv.get<Record<string, unknown>>(key);
  await kv.set(key, { ...value, disabled: true });
}

Deno.test("POST /auth/login answers an unknown user, a wrong password and a disabled account alike, at the same cost", async () => {
  const { engine, jobs } = countingEngine();
  using fixture = await setUp({ hasher: createPasswordHasher({ engine, parameters: CHEAP }) });
  await tryLogin(fixture, "nobody", "first of all, the decoy is made");
  const costs: Argon2Job["parameters"][][] = [];
  const answers = [];
  for (const username of ["admin", "nobody", "not a name at all!"]) {
    jobs.length = 0;
    answers.push(await tryLogin(fixture, username, "wrong"));
    costs.push(jobs.map(({ parameters }) => parameters));
  }
  await disable(fixture);
  answers.push(await tryLogin(fixture, "admin", "password"));
  assertEquals(answers.map(({ status }) => status), [401, 401, 401, 401]);
  for (const answer of answers) assertEquals(answer, answers[0]);
  assertEquals(costs, [[CHEAP], [CHEAP], [CHEAP]]);
});

Deno.test("POST /auth/login makes the decoy also when the first of all sign-ins is for a user that exists", async () => {
  const { engine, jobs } = countingEngine();
  using fixture = await setUp({ hasher: createPasswordHasher({ engine, parameters: CHEAP }) });
  await tryLogin(fixture, "admin", "wrong");
  assertEquals(jobs.length, 2);
});

Deno.test("POST /auth/login hashes the password anew when the parameters have grown, once", async () => {
  const { engine, jobs } = countingEngine();
  const grown = { memory: 16, passes: 1 };
  using fixture = await setUp({ hasher: createPasswordHasher({ engine, parameters: grown }) });
  await fixture.login();
  const { value } = await fixture.kv.get<{ passwordHash: string }>(["auth", "user", "admin"]);
  assertEquals(value?.passwordHash.startsWith("$argon2id$v=19$m=16,"), true);
  jobs.length = 0;
  await fixture.login();
  assertEquals(jobs.map(({ parameters }) => parameters), [grown]);
});

Deno.test("POST /auth/login sheds with 503 what cannot wait, and does not count it as failed", async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const engine: HashEngine = {
    parallelism: 1,
    async derive(job) {
      await held;
      return await deriveArgon2id(job);
    },
    [Symbol.dispose]() {},
  };
  const hasher = createPasswordHasher({ engine, parameters: CHEAP, maxWaiting: 1 });
  using fixture = await setUp({ hasher });
  const answered: Awaited<ReturnType<typeof tryLogin>>[] = [];
  const attempts = Array.from({ length: 40 }, async () => {
    answered.push(await tryLogin(fixture, "admin", "wrong"));
  });
  // Of the two places one goes to the hash that unknown names are compared with.
  await eventually(() => answered.length === 39, { what: "the rest to be shed" });
  for (const { status, headers } of answered) {
    assertEquals(status, 503);
    assertEquals(headers.find(([name]) => name === "retry-after"), ["retry-after", "1"]);
  }
  release();
  await Promise.all(attempts);
  assertEquals(answered.at(-1)?.status, 401);
  assertEquals((await tryLogin(fixture, "admin", "wrong")).status, 401);
});

Deno.test("POST /auth/login gives up when the caller's time is over, and does not count it as failed", async () => {
  const engine: HashEngine = {
    parallelism: 1,
    async derive(job, signal) {
      if (job.password !== "waits") return await deriveArgon2id(job);
      await eventually(() => signal?.aborted, { what: "the end of the caller's time" });
      throw signal?.reason;
    },
    [Symbol.dispose]() {},
  };
  using fixture = await setUp({ hasher: createPasswordHasher({ engine, parameters: CHEAP }) });
  const body = { username: "admin", password: "waits" };
  for (let i = 0; i < 12; i++) {
    const headers = { "x-flotilla-timeout": "1" };
    const response = await fixture.call("/auth/login", { method: "POST", body, headers });
    await response.body?.cancel();
    assertEquals(response.status, 503);
  }
  await fixture.login();
});

Deno.test("POST /auth/login counts what became of sign-ins", async () => {
  using fixture = await setUp();
  await fixture.login();
  await tryLogin(fixture, "admin", "wrong");
  const metrics = await (await fixture.auth.fetch(new Request("http://inside/metrics"))).text();
  for (const outcome of ["succeeded", "failed"]) {
    assertEquals(metrics.includes(`flotilla_auth_sign_ins_total{outcome="${outcome}"} 1`), true, outcome);
  }
});
