import { assertEquals, assertRejects } from "@std/assert";
import { commitChecked } from "./commit_checked.ts";
import { KvOutcomeUnknownError, KvUnavailableError } from "./kv_errors.ts";

Deno.test("commitChecked() says whether a write is known to stand", async () => {
  using kv = await Deno.openKv(":memory:");
  const write = () => kv.atomic().check({ key: ["a"], versionstamp: null }).set(["a"], 1);
  assertEquals(await commitChecked(write()), true);
  assertEquals(await commitChecked(write()), false);
  const failing = (error: Error) => Object.assign(write(), { commit: () => Promise.reject(error) });
  assertEquals(await commitChecked(failing(new KvOutcomeUnknownError("lost"))), false);
  await assertRejects(() => commitChecked(failing(new KvUnavailableError("away"))), KvUnavailableError);
});
