import { type Principal, RIGHTS, type Role } from "@flotilla/auth/verify";
import { ProblemError } from "@flotilla/runtime";
import { assertEquals, assertThrows } from "@std/assert";
import { mayChange, mayManage, maySee, requireSeen } from "./access.ts";
import type { Access } from "./keyspace.ts";

function principal(subject: string, role: Role = "user"): Principal {
  return { subject, role, rights: RIGHTS[role], session: "s", tokenId: "t", expires: 0 };
}

const PEOPLE = [principal("owner"), principal("friend"), principal("stranger"), principal("root", "admin")];

function allowed(
  test: (who: Principal, scope: { owner: string; access: Access; sharedWith: string[] }) => boolean,
) {
  const scope = (access: Access) => ({
    owner: "owner",
    access,
    sharedWith: access === "shared" ? ["friend"] : [],
  });
  const names = (access: Access) =>
    PEOPLE.filter((who) => test(who, scope(access))).map(({ subject }) => subject).join(" ");
  return { private: names("private"), shared: names("shared"), public: names("public") };
}

Deno.test("maySee() is for the owner, those it is shared with, everyone, and always admins", () => {
  assertEquals(allowed(maySee), {
    private: "owner root",
    shared: "owner friend root",
    public: "owner friend stranger root",
  });
});

Deno.test("mayChange() is for the owner, those it is shared with, and admins", () => {
  assertEquals(allowed(mayChange), {
    private: "owner root",
    shared: "owner friend root",
    public: "owner root",
  });
});

Deno.test("mayManage() is for the owner and admins", () => {
  assertEquals(allowed(mayManage), { private: "owner root", shared: "owner root", public: "owner root" });
});

Deno.test("requireSeen() answers the same for what is hidden and for what is not there", () => {
  const hidden = { owner: "owner", access: "private", sharedWith: [] } as const;
  const refusals = [hidden, undefined].map((record) => {
    const error = assertThrows(() => requireSeen(principal("stranger"), "x", record), ProblemError);
    return [error.status, error.message];
  });
  assertEquals(refusals[0], refusals[1]);
  assertEquals(refusals[0]?.[0], 404);
});
