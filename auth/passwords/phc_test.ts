import { assertEquals } from "@std/assert";
import { decodePhc, encodePhc } from "./phc.ts";

Deno.test("decodePhc() reads what encodePhc() wrote, whatever the lengths", () => {
  for (const length of [8, 15, 16, 17, 32]) {
    const hash = {
      parameters: { memory: 19_456, passes: 2 },
      salt: crypto.getRandomValues(new Uint8Array(length)),
      tag: crypto.getRandomValues(new Uint8Array(length)),
    };
    assertEquals(decodePhc(encodePhc(hash)), hash);
  }
});

Deno.test("decodePhc() gives undefined for another algorithm, version or shape", () => {
  const texts = [
    "",
    "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAA$AAAA",
    "$argon2id$v=16$m=8,t=1,p=1$AAAAAAAA$AAAA",
    "$argon2id$v=19$m=8,t=1$AAAAAAAA$AAAA",
    "$argon2id$v=19$m=8,t=1,p=2$AAAAAAAA$AAAA",
    "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAA",
    "$2b$10$N9qo8uLOickgx2ZMRZoMye",
  ];
  for (const text of texts) assertEquals(decodePhc(text), undefined, text);
});
