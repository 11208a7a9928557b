import { assertEquals, assertNotEquals } from "@std/assert";
import { createRefreshTokens } from "./refresh_token.ts";
import { makeSessionId } from "./session_id.ts";

const KEY = "an internal key of 32 characters";

Deno.test("RefreshTokens.read() tells what make() was told, and the same claim makes the same token", async () => {
  const tokens = createRefreshTokens(KEY);
  const claim = { session: makeSessionId(1_767_225_600_000), generation: 41 };
  const token = await tokens.make(claim);
  assertEquals(await tokens.read(token), claim);
  assertEquals(await createRefreshTokens(KEY).make(claim), token);
});

Deno.test("RefreshTokens.read() refuses another generation or session under the same authentication, and another key's", async () => {
  const tokens = createRefreshTokens(KEY);
  const claim = { session: makeSessionId(0), generation: 1 };
  const token = await tokens.make(claim);
  const [session, generation, mac] = token.split(".");
  assertNotEquals(await tokens.make({ ...claim, generation: 2 }), token);
  const forged = [
    `${session}.2.${mac}`,
    `${makeSessionId(0)}.${generation}.${mac}`,
    `${session}.01.${mac}`,
    `${session}.${generation}.${mac?.replace(/^./, (c) => c === "A" ? "B" : "A")}`,
    await createRefreshTokens(KEY.toUpperCase()).make(claim),
  ];
  for (const text of forged) assertEquals(await tokens.read(text), undefined, text);
});

Deno.test("RefreshTokens.read() refuses what has another shape", async () => {
  const tokens = createRefreshTokens(KEY);
  for (const text of ["", "a.b.c", "....", "x".repeat(500), "a-b.1", `${makeSessionId(0)}.-1.x`]) {
    assertEquals(await tokens.read(text), undefined, text);
  }
});
