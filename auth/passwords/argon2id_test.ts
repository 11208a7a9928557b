import { assertEquals } from "@std/assert";
import { argon2id } from "hash-wasm";
import { deriveArgon2id, OWASP_PARAMETERS, SALT_LENGTH } from "./argon2id.ts";

Deno.test("deriveArgon2id() gives the tag that another implementation of RFC 9106 gives", async () => {
  const salt = new TextEncoder().encode("sixteen octets !").slice(0, SALT_LENGTH);
  for (const parameters of [OWASP_PARAMETERS, { memory: 8, passes: 1 }, { memory: 300, passes: 3 }]) {
    for (const password of ["password", "pässwörd, 密码 🔑", "a\0b", "x".repeat(256)]) {
      const right = await argon2id({
        password,
        salt,
        memorySize: parameters.memory,
        iterations: parameters.passes,
        parallelism: 1,
        hashLength: 32,
        outputType: "binary",
      });
      assertEquals(await deriveArgon2id({ password, salt, parameters }), right, password);
    }
  }
});
