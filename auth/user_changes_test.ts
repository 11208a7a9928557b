import { ProblemError } from "@flotilla/runtime";
import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertRejects } from "@std/assert";
import { userKey } from "./keyspace.ts";
import { createRefreshTokens } from "./refresh_token.ts";
import { createRevocationFeed } from "./revocation_feed.ts";
import { createSessions } from "./sessions.ts";
import type { User } from "./user.ts";
import { createUserChanges, type UserChanges } from "./user_changes.ts";
import { createUsers, type Users } from "./users.ts";

const LIFETIME = 900_000;

function user(username: string, role: User["role"]): User {
  const times = { epoch: 0, created: 0, updated: 0 };
  return { username, role, passwordHash: "", disabled: false, development: false, ...times };
}

/** Changes of a database where something happens right after `ann` was read for the first time. */
async function setUp(kv: Deno.Kv, meanwhile: () => Promise<unknown>): Promise<UserChanges> {
  await kv.set(userKey("root"), user("root", "admin"));
  const clock = new ManualClock();
  const stored = createUsers(kv);
  let happened = false;
  const users: Users = {
    ...stored,
    async find(username) {
      const found = await stored.find(username);
      if (username === "ann" && !happened) {
        happened = true;
        await meanwhile();
      }
      return found;
    },
  };
  const revocations = createRevocationFeed({ kv, tokenLifetime: LIFETIME, clock });
  const refreshTokens = createRefreshTokens("an internal key of 32 characters");
  const sessions = createSessions({ kv, users, refreshTokens, revocations, clock });
  return createUserChanges({ kv, users, sessions, revocations, tokenLifetime: LIFETIME, clock });
}

const acts: Readonly<Record<string, { exists: boolean; act: (changes: UserChanges) => Promise<unknown> }>> = {
  create: {
    exists: false,
    act: (changes) => changes.create({ username: "ann", role: "user", passwordHash: "h" }, "root"),
  },
  update: { exists: true, act: (changes) => changes.update("ann", { disabled: true }, "root") },
  remove: { exists: true, act: (changes) => changes.remove("ann", "root") },
};

for (const [name, { exists, act }] of Object.entries(acts)) {
  Deno.test(`UserChanges.${name}() answers 403 when the admin loses the role in the middle of it`, async () => {
    using kv = await Deno.openKv(":memory:");
    if (exists) await kv.set(userKey("ann"), user("ann", "user"));
    const changes = await setUp(kv, () => kv.set(userKey("root"), user("root", "user")));
    assertEquals((await assertRejects(() => act(changes), ProblemError)).status, 403);
    assertEquals((await kv.get<User>(userKey("ann"))).value, exists ? user("ann", "user") : null);
    assertEquals((await kv.get(["auth", "revocation_head"])).value, null);
  });
}

Deno.test("UserChanges.update() keeps what another admin changed in the middle of it", async () => {
  using kv = await Deno.openKv(":memory:");
  await kv.set(userKey("ann"), user("ann", "user"));
  const changes = await setUp(kv, () => kv.set(userKey("ann"), user("ann", "admin")));
  const { role, disabled } = await changes.update("ann", { disabled: true }, "root");
  assertEquals([role, disabled], ["admin", true]);
});

Deno.test("UserChanges.create() takes its own write for done when the client sent it twice", async () => {
  using kv = await Deno.openKv(":memory:");
  // The first try went through, its answer was lost, and the second one is refused.
  const sent = user("ann", "user");
  const changes = await setUp(kv, () => kv.set(userKey("ann"), { ...sent, passwordHash: "ours" }));
  const made = await changes.create({ username: "ann", role: "user", passwordHash: "ours" }, "root");
  assertEquals(made.passwordHash, "ours");
});

Deno.test("UserChanges.remove() takes its own write for done when the client sent it twice", async () => {
  using kv = await Deno.openKv(":memory:");
  await kv.set(userKey("ann"), user("ann", "user"));
  const changes = await setUp(kv, () => kv.delete(userKey("ann")));
  await changes.remove("ann", "root");
});
