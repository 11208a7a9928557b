import { assertEquals, assertStringIncludes } from "@std/assert";
import { passwordFault } from "./password_policy.ts";

const fault = (password: string) => passwordFault(password, { username: "annabell" });

Deno.test("passwordFault() takes passphrases, random passwords, and letters of any script", () => {
  const good = [
    "a wet, quiet harbour",
    "tr4ctor-Vinegar-soup",
    "kX9#mQ2$vL7!",
    "Überraschungsei-Kännchen",
    "パスワードではない長い文字列",
    "dragon in a purple teacup",
    `${"x9Ü ".repeat(3)}and then some more`,
  ];
  for (const password of good) assertEquals(fault(password), undefined, password);
});

Deno.test("passwordFault() says how long a password must be, counted in characters", () => {
  assertEquals(fault("elevenchars"), "it must have at least 12 characters, and has 11");
  assertEquals(fault("🦑🐙🦀🐚🌊⚓🚢🧭🗺🏝🐬"), "it must have at least 12 characters, and has 11");
});

Deno.test("passwordFault() refuses sequences and repetitions", () => {
  const weak = [
    "aaaaaaaaaaaa",
    "123456789012",
    "abcdefghijklmnop",
    "987654321098",
    "qwertyuiop12",
    "Qwertyuiop123456",
    "asdfghjkl;12",
    "abcabcabcabc",
    "xk4xk4xk4xk4",
    "112233445566",
  ];
  for (const password of weak) assertStringIncludes(fault(password) ?? "", "sequence", password);
});

Deno.test("passwordFault() refuses common words, however they are dressed up", () => {
  const weak = [
    "password1234",
    "Password1234!",
    "p@ssw0rdp@ssw0rd",
    "passwordpassword",
    "admin-letmein-99",
    "iloveyou2026!",
    "Welcome2024!",
    "correcthorsebatterystaple",
    "sunshinesunshine",
    "dragonmonkey1",
    "!!!football!!!",
  ];
  for (const password of weak) assertStringIncludes(fault(password) ?? "", "common words", password);
});

Deno.test("passwordFault() refuses the username with something around it", () => {
  assertStringIncludes(fault("Annabell-2026") ?? "", "username");
  assertEquals(fault("annabell eats seaweed"), undefined);
});
