import { assertEquals, assertRejects } from "@std/assert";
import {
  createFirstAdmin,
  DevelopmentAdminError,
  refuseDevelopmentAdmin,
  seedDevelopmentAdmin,
} from "./first_admin.ts";
import { cheapHasher, setUp } from "./testdata/fixture.ts";

const options = (kv: Deno.Kv) => ({ kv, hasher: cheapHasher(), production: false });

Deno.test("seedDevelopmentAdmin() makes the account once, of several that try at the same moment", async () => {
  using kv = await Deno.openKv(":memory:");
  const made = await Promise.all(Array.from({ length: 4 }, () => seedDevelopmentAdmin(options(kv))));
  assertEquals(made.filter(Boolean).length, 1);
});

Deno.test("seedDevelopmentAdmin() never comes back, not even after the account was deleted", async () => {
  using kv = await Deno.openKv(":memory:");
  await seedDevelopmentAdmin(options(kv));
  await kv.delete(["auth", "user", "admin"]);
  assertEquals(await seedDevelopmentAdmin(options(kv)), false);
});

Deno.test("seedDevelopmentAdmin() leaves a database alone that has accounts", async () => {
  using kv = await Deno.openKv(":memory:");
  await kv.set(["auth", "user", "ann"], {});
  assertEquals(await seedDevelopmentAdmin(options(kv)), false);
});

Deno.test("seedDevelopmentAdmin() refuses production", async () => {
  using kv = await Deno.openKv(":memory:");
  await assertRejects(
    () => seedDevelopmentAdmin({ ...options(kv), production: true }),
    DevelopmentAdminError,
    "FLOTILLA_ENV is production",
  );
  assertEquals((await kv.get(["auth", "user", "admin"])).value, null);
});

Deno.test("refuseDevelopmentAdmin() refuses a database with the well-known password, until it is changed", async () => {
  using fixture = await setUp();
  await assertRejects(
    () => refuseDevelopmentAdmin(fixture.kv),
    DevelopmentAdminError,
    "Cannot start in production",
  );
  const caller = await fixture.callerOf((await fixture.login()).token);
  const body = { current_password: "password", new_password: "a wet, quiet harbour" };
  await fixture.call("/auth/password", { method: "PUT", body, caller });
  await refuseDevelopmentAdmin(fixture.kv);
});

Deno.test("refuseDevelopmentAdmin() takes an empty database", async () => {
  using kv = await Deno.openKv(":memory:");
  await refuseDevelopmentAdmin(kv);
});

Deno.test("createFirstAdmin() makes an admin with a good password, in an empty database only", async () => {
  using kv = await Deno.openKv(":memory:");
  const make = (username: string, password: string) =>
    createFirstAdmin({ username, password }, { kv, hasher: cheapHasher() });
  await assertRejects(() => make("root", "password"), RangeError, "at least 12 characters");
  await assertRejects(() => make("not a name", "a wet, quiet harbour"), RangeError, "got not a name");
  assertEquals(await make("Root", "a wet, quiet harbour"), true);
  assertEquals(await make("other", "a wet, quiet harbour"), false);
  await refuseDevelopmentAdmin(kv);
});
