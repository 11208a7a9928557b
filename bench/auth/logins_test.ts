import { assertEquals } from "@std/assert";
import { parseAnswers } from "./logins.ts";

Deno.test("parseAnswers() reads how often each status was answered", () => {
  const output = "  2000 requests in 4.01s, 1.20MB read\nRequests/sec: 498.75\nAnswers: 200=74 503=2395 \n";
  assertEquals(parseAnswers(output), { "200": 74, "503": 2395 });
  assertEquals(parseAnswers("Answers: \n"), {});
});
