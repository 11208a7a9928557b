import { configure, type LogRecord, reset } from "@logtape/logtape";
import { assertEquals } from "@std/assert";
import { setUp } from "./testdata/fixture.ts";

/** What is written to the audit log meanwhile. */
async function audited(run: () => Promise<void>): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { memory: (record) => void records.push(record) },
    loggers: [{ category: ["flotilla", "auth"], sinks: ["memory"], lowestLevel: "debug" }, {
      category: ["logtape", "meta"],
      sinks: [],
    }],
  });
  try {
    await run();
  } finally {
    await reset();
  }
  return records.filter(({ category }) => category.includes("audit"));
}

Deno.test("audit() writes down who did what to whom, from where, and no password or token", async () => {
  using fixture = await setUp();
  const { call, login, callerOf } = fixture;
  const secret = "a wet, quiet harbour";
  let token = "";
  const records = await audited(async () => {
    const from = { kind: "anonymous", address: "192.0.2.1" } as const;
    const post = (path: string, body: unknown) => call(path, { method: "POST", body, caller: from });
    await (await post("/auth/login", { username: "admin", password: "wrong one" })).body?.cancel();
    await (await post("/auth/login", { username: "my secret password!", password: "x" })).body?.cancel();
    token = (await login()).token;
    const caller = await callerOf(token);
    const body = { username: "ann", password: secret };
    await (await call("/auth/users", { method: "POST", body, caller })).body?.cancel();
    await (await call("/auth/users/ann", { method: "PATCH", body: { password: `${secret}!` }, caller })).body
      ?.cancel();
    await (await call("/auth/users/ann", { method: "DELETE", caller })).body?.cancel();
    await (await call("/auth/logout", { method: "POST", caller })).body?.cancel();
  });
  const events = records.map((
    { properties },
  ) => [properties["event"], properties["username"], properties["by"]]);
  assertEquals(events, [
    ["sign_in_failed", "admin", undefined],
    ["sign_in_failed", "(not a name)", undefined],
    ["signed_in", "admin", undefined],
    ["user_created", "ann", "admin"],
    ["user_changed", "ann", "admin"],
    ["user_deleted", "ann", "admin"],
    ["signed_out", "admin", undefined],
  ]);
  assertEquals(records[0]?.properties["address"], "192.0.2.1");
  assertEquals(records.every(({ properties }) => typeof properties["request_id"] === "string"), true);
  const text = JSON.stringify(records);
  for (const word of ["wrong one", "my secret", secret, token]) {
    assertEquals(text.includes(word), false, word);
  }
});
