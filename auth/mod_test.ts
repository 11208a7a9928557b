import { assertEquals } from "@std/assert";
import * as auth from "./mod.ts";
import * as verify from "./verify.ts";

Deno.test("@flotilla/auth exports what it says, and nothing else", () => {
  assertEquals(Object.keys(auth).toSorted(), [
    "DevelopmentAdminError",
    "HashThreadError",
    "OWASP_PARAMETERS",
    "createAuth",
    "createFirstAdmin",
    "createPasswordHasher",
    "inlineEngine",
    "passwordFault",
    "refuseDevelopmentAdmin",
    "rotateKeys",
    "seedDevelopmentAdmin",
    "workerEngine",
  ]);
});

Deno.test("@flotilla/auth/verify exports what it says, and nothing else", () => {
  assertEquals(Object.keys(verify).toSorted(), [
    "ASSERTION_HEADER",
    "KEYS_PATH",
    "RIGHTS",
    "TOKEN_ALGORITHM",
    "TOKEN_AUDIENCE",
    "TOKEN_ISSUER",
    "TOKEN_TOLERANCE",
    "TOKEN_TYPE",
    "TokenError",
    "createAssertionSigner",
    "createAssertionVerifier",
    "createRemoteKeys",
    "createRevocationWatcher",
    "createTokenVerifier",
    "fixedKeys",
    "hasRight",
    "loginSchema",
    "meSchema",
    "newUserSchema",
    "passwordChangeSchema",
    "refreshSchema",
    "requireRight",
    "requireUser",
    "rightSchema",
    "roleSchema",
    "tokensSchema",
    "userPageSchema",
    "userPatchSchema",
    "userQuerySchema",
    "userViewSchema",
    "usernameSchema",
  ]);
});
