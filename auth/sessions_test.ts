import { ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals } from "@std/assert";
import { sessionKey, userKey } from "./keyspace.ts";
import { createRefreshTokens } from "./refresh_token.ts";
import { createRevocationFeed } from "./revocation_feed.ts";
import { createSessions } from "./sessions.ts";
import type { User } from "./user.ts";
import { createUsers, type Users } from "./users.ts";

const ANN: User = {
  username: "ann",
  role: "user",
  passwordHash: "h-1",
  epoch: 7,
  disabled: false,
  development: false,
  created: 0,
  updated: 0,
};

async function setUp(kv: Deno.Kv, find?: (stored: Users) => Users["find"]) {
  await kv.set(userKey("ann"), ANN);
  const clock = new ManualClock();
  const stored = createUsers(kv);
  const users = find === undefined ? stored : { ...stored, find: find(stored) };
  const revocations = createRevocationFeed({ kv, tokenLifetime: 900_000, clock });
  const refreshTokens = createRefreshTokens("an internal key of 32 characters");
  const sessions = createSessions({ kv, users, refreshTokens, revocations, clock });
  const ann = await stored.find("ann");
  assert(ann !== undefined);
  return { clock, sessions, ann };
}

Deno.test("Sessions.open() begins no session for a user that has changed since it was read", async () => {
  using kv = await Deno.openKv(":memory:");
  const { sessions, ann } = await setUp(kv);
  await kv.set(userKey("ann"), { ...ANN, passwordHash: "h-2", epoch: 8 });
  assertEquals(await sessions.open(ann), undefined);
  assertEquals(await Array.fromAsync(kv.list({ prefix: ["auth", "session"] })), []);
});

Deno.test("Sessions.open() stores a new hash of the same password together with the session", async () => {
  using kv = await Deno.openKv(":memory:");
  const { sessions, ann } = await setUp(kv);
  await sessions.open(ann, "h-2");
  assertEquals((await kv.get<User>(userKey("ann"))).value, { ...ANN, passwordHash: "h-2" });
});

Deno.test("Sessions.open() takes its own write for done when the client sent it twice", async () => {
  using kv = await Deno.openKv(":memory:");
  const { sessions, ann } = await setUp(kv);
  const atomic = kv.atomic.bind(kv);
  kv.atomic = () => {
    const operation = atomic();
    const commit = operation.commit.bind(operation);
    operation.commit = async () => {
      await commit();
      return { ok: false };
    };
    return operation;
  };
  assertEquals((await sessions.open(ann))?.user, ANN);
});

Deno.test("Sessions.refresh() gives nothing when the user's sessions are ended in the middle of it", async () => {
  using kv = await Deno.openKv(":memory:");
  let ended = false;
  const { sessions, ann } = await setUp(kv, (stored) => async (username) => {
    const found = await stored.find(username);
    if (!ended) await kv.set(userKey("ann"), { ...ANN, epoch: 8 });
    ended = true;
    return found;
  });
  const opened = await sessions.open(ann);
  assertEquals(await sessions.refresh(opened?.refreshToken ?? ""), { kind: "invalid" });
  assertEquals((await sessions.find(opened?.session.id ?? ""))?.session.generation, 0);
});

Deno.test("Sessions.find() does not show a session that is over, though it may still be stored", async () => {
  using kv = await Deno.openKv(":memory:");
  const { sessions, ann, clock } = await setUp(kv);
  const id = (await sessions.open(ann))?.session.id ?? "";
  clock.jump(30 * 86_400_000);
  assertEquals(await sessions.find(id), undefined);
  assertEquals((await kv.get(sessionKey(id))).value === null, false);
});
