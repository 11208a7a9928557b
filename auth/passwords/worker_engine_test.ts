import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deriveArgon2id } from "./argon2id.ts";
import { FLOOD, HASH_WORKER, type HashThread, HashThreadError, workerEngine } from "./worker_engine.ts";
import type { HashRequest } from "./worker_message.ts";

const JOB = {
  password: "secret",
  salt: new Uint8Array(16),
  parameters: { memory: 8, passes: 1 },
};

/** A thread that does what the test says. */
class FakeThread implements HashThread {
  onmessage: HashThread["onmessage"] = null;
  onerror: HashThread["onerror"] = null;
  readonly requests: HashRequest[] = [];
  terminated = false;

  postMessage(request: HashRequest): void {
    this.requests.push(request);
  }

  terminate(): void {
    this.terminated = true;
  }

  reply(tag: Uint8Array): void {
    const id = this.requests.at(-1)?.id ?? -1;
    this.onmessage?.(new MessageEvent("message", { data: { id, ok: true, tag } }));
  }

  fail(reason: string): void {
    const id = this.requests.at(-1)?.id ?? -1;
    this.onmessage?.(new MessageEvent("message", { data: { id, ok: false, reason } }));
  }

  die(): void {
    this.onerror?.(new ErrorEvent("error", { message: "out of memory", cancelable: true }));
  }
}

function setUp(threads: number, share = 1, floodShare = share) {
  const clock = new ManualClock();
  const spawned: FakeThread[] = [];
  const engine = workerEngine({
    threads,
    share,
    floodShare,
    clock,
    spawn() {
      const thread = new FakeThread();
      spawned.push(thread);
      return thread;
    },
  });
  return { engine, spawned, clock };
}

Deno.test("workerEngine() gives each thread one hash at a time, and the next one in turn", async () => {
  const { engine, spawned } = setUp(2);
  const hashes = [1, 2, 3].map((salt) => engine.derive({ ...JOB, salt: new Uint8Array([salt]) }));
  assertEquals(spawned.map(({ requests }) => requests.length), [1, 1]);
  const [one, two] = spawned.toSorted((a, b) => (a.requests[0]?.id ?? 0) - (b.requests[0]?.id ?? 0));
  two?.reply(new Uint8Array([22]));
  assertEquals(two?.requests.map(({ salt }) => salt[0]), [2, 3]);
  one?.reply(new Uint8Array([11]));
  two?.reply(new Uint8Array([33]));
  assertEquals((await Promise.all(hashes)).map((tag) => tag[0]), [11, 22, 33]);
});

Deno.test("workerEngine() fails the hash of a thread that dies, and goes on with another thread", async () => {
  const { engine, spawned } = setUp(1);
  const [lost, next] = [engine.derive(JOB), engine.derive(JOB)];
  spawned[0]?.die();
  await assertRejects(() => lost, HashThreadError, "out of memory");
  assertEquals([spawned.length, spawned[0]?.terminated], [2, true]);
  spawned[1]?.reply(new Uint8Array([1]));
  assertEquals((await next)[0], 1);
});

Deno.test("workerEngine() refuses at once while no thread can start, and tries again for the next password", async () => {
  const { engine, spawned } = setUp(1);
  spawned[0]?.die();
  assertEquals(spawned.length, 1);
  const lost = engine.derive(JOB);
  spawned[1]?.die();
  await assertRejects(() => lost, HashThreadError, "out of memory");
  const next = engine.derive(JOB);
  spawned.at(-1)?.reply(new Uint8Array([1]));
  assertEquals((await next)[0], 1);
});

Deno.test("workerEngine() passes on what a hash failed of, and keeps the thread", async () => {
  const { engine, spawned } = setUp(1);
  const [bad, good] = [engine.derive(JOB), engine.derive(JOB)];
  spawned[0]?.fail("salt is too short");
  await assertRejects(() => bad, HashThreadError, "salt is too short");
  spawned[0]?.reply(new Uint8Array([1]));
  assertEquals([(await good)[0], spawned.length], [1, 1]);
});

Deno.test("workerEngine() computes no job that nobody waits for any more when its turn comes", async () => {
  const { engine, spawned: [thread] } = setUp(1);
  const leaving = new AbortController();
  const hashes = [engine.derive(JOB), engine.derive(JOB, leaving.signal), engine.derive(JOB)];
  leaving.abort(new TypeError("gone"));
  thread?.reply(new Uint8Array([1]));
  await assertRejects(async () => await hashes[1], TypeError, "gone");
  thread?.reply(new Uint8Array([3]));
  assertEquals([(await hashes[0])?.[0], (await hashes[2])?.[0], thread?.requests.length], [1, 3, 2]);
});

Deno.test("workerEngine() refuses what waits when it is disposed, and ends its threads", async () => {
  const { engine, spawned } = setUp(1);
  const hashes = [engine.derive(JOB), engine.derive(JOB)];
  engine[Symbol.dispose]();
  for (const hash of hashes) await assertRejects(() => hash, HashThreadError, "stopped");
  assertEquals(spawned.map(({ terminated }) => terminated), [true]);
});

Deno.test("workerEngine() has a thread rest after each hash by its share of a core", async () => {
  const { engine, spawned: [thread], clock } = setUp(1, 0.25);
  const hashes = [engine.derive(JOB), engine.derive(JOB)];
  clock.jump(40);
  thread?.reply(new Uint8Array([1]));
  assertEquals((await hashes[0])?.[0], 1, "A rest keeps no answer back");
  await clock.advance(119);
  assertEquals(thread?.requests.length, 1);
  await clock.advance(1);
  assertEquals(thread?.requests.length, 2);
  thread?.reply(new Uint8Array([2]));
  await hashes[1];
  assertEquals(clock.pending, 0);
});

Deno.test("workerEngine() has a thread rest for longer while a flood waits, and no longer than that", async () => {
  const { engine, spawned: [thread], clock } = setUp(1, 0.5, 0.125);
  const hashes = Array.from({ length: FLOOD + 2 }, () => engine.derive(JOB));
  const restAfter = async (ms: number) => {
    const before = thread?.requests.length ?? 0;
    clock.jump(40);
    thread?.reply(new Uint8Array([1]));
    await clock.advance(ms - 1);
    assertEquals(thread?.requests.length, before);
    await clock.advance(1);
    assertEquals(thread?.requests.length, before + 1);
  };
  await restAfter(280);
  await restAfter(40);
  engine[Symbol.dispose]();
  await Promise.allSettled(hashes);
});

Deno.test("workerEngine() keeps a rest that is disposed of from going on", async () => {
  const { engine, spawned: [thread], clock } = setUp(1, 0.5);
  const hash = engine.derive(JOB);
  clock.jump(40);
  thread?.reply(new Uint8Array([1]));
  await hash;
  assertEquals(clock.pending, 1);
  engine[Symbol.dispose]();
  assertEquals([clock.pending, thread?.terminated], [0, true]);
});

Deno.test("workerEngine() refuses a number of threads or a share that is out of range", () => {
  assertThrows(() => workerEngine({ threads: 0 }), RangeError, "got 0");
  assertThrows(() => workerEngine({ share: 0 }), RangeError, "got 0");
  assertThrows(() => workerEngine({ floodShare: 2 }), RangeError, "got 2");
});

const folder = new URL(".", HASH_WORKER);
const read = (await Deno.permissions.query({ name: "read", path: folder })).state === "granted";
Deno.test({
  name: "workerEngine() computes on real threads what the calling thread would",
  ignore: !read,
  async fn() {
    using engine = workerEngine({ threads: 2 });
    const tags = await Promise.all([engine.derive(JOB), engine.derive(JOB), engine.derive(JOB)]);
    const right = await deriveArgon2id(JOB);
    assertEquals(tags, [right, right, right]);
  },
});
