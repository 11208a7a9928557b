import { assertEquals, assertThrows } from "@std/assert";
import { requireBearerToken } from "./bearer_token.ts";
import { ProblemError } from "./problem.ts";

const request = (authorization: string) => new Request("http://a.test/", { headers: { authorization } });

Deno.test("requireBearerToken() lets the token pass, and tells who lacks it from who is wrong", () => {
  for (const given of ["Bearer a-token", "bearer a-token"]) requireBearerToken(request(given), "a-token", "");
  const cases = [
    ["", "Bearer"],
    ["Basic a-token", "Bearer"],
    ["Bearer", "Bearer"],
    ["Bearer b-token", 'Bearer error="invalid_token"'],
    ["Bearer a-token-and-more", 'Bearer error="invalid_token"'],
  ] as const;
  for (const [given, challenge] of cases) {
    const error = assertThrows(() => requireBearerToken(request(given), "a-token", "No"), ProblemError, "No");
    assertEquals([error.status, error.headers.get("www-authenticate")], [401, challenge]);
  }
});
