/**
 * What other members import of auth: who a caller is, and how that is proven from role to role.
 *
 * @module
 */
export {
  ASSERTION_HEADER,
  type AssertionOptions,
  type AssertionSigner,
  type AssertionVerifier,
  createAssertionSigner,
  createAssertionVerifier,
} from "./assertion.ts";
export {
  type Caller,
  type Principal,
  requireRight,
  requireUser,
  type Right,
  RIGHTS,
  rightSchema,
  type Role,
  roleSchema,
} from "./principal.ts";
