/**
 * What other members import of auth: tokens and who they speak of, how a caller is proven from role to role, and the
 * shapes of what the auth service takes and gives.
 *
 * @module
 */
export {
  KEYS_PATH,
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  TOKEN_TOLERANCE,
  TOKEN_TYPE,
} from "./access_token.ts";
export {
  ASSERTION_HEADER,
  type AssertionOptions,
  type AssertionSigner,
  type AssertionVerifier,
  createAssertionSigner,
  createAssertionVerifier,
} from "./assertion.ts";
export {
  loginSchema,
  meSchema,
  newUserSchema,
  passwordChangeSchema,
  refreshSchema,
  tokensSchema,
  usernameSchema,
  userPageSchema,
  userPatchSchema,
  userQuerySchema,
  userViewSchema,
} from "./contract.ts";
export {
  type Caller,
  hasRight,
  type Principal,
  requireRight,
  requireUser,
  type Right,
  RIGHTS,
  rightSchema,
  type Role,
  roleSchema,
} from "./principal.ts";
export { createRemoteKeys, type RemoteKeys, type RemoteKeysOptions } from "./remote_keys.ts";
export {
  createRevocationWatcher,
  type RevocationWatcher,
  type RevocationWatcherOptions,
} from "./revocation_watcher.ts";
export { TokenError, type TokenErrorCode } from "./token_error.ts";
export { createTokenVerifier, type TokenVerifier, type TokenVerifierOptions } from "./token_verifier.ts";
export { fixedKeys, type TrustedKeys } from "./trusted_keys.ts";
