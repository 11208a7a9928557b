/**
 * Users, passwords, sessions, signing keys and tokens: the auth service. What other roles need of it is in
 * `@flotilla/auth/verify`.
 *
 * @module
 */
export { type AuthOptions, createAuth } from "./auth.ts";
export {
  createFirstAdmin,
  DevelopmentAdminError,
  type FirstAdminOptions,
  refuseDevelopmentAdmin,
  seedDevelopmentAdmin,
} from "./first_admin.ts";
export { rotateKeys, type Rotation, type RotationOptions } from "./key_rotation.ts";
export { type Argon2Job, type Argon2Parameters, OWASP_PARAMETERS } from "./passwords/argon2id.ts";
export { type HashEngine, inlineEngine } from "./passwords/hash_engine.ts";
export {
  createPasswordHasher,
  type PasswordHasher,
  type PasswordHasherOptions,
} from "./passwords/password_hasher.ts";
export {
  type HashThread,
  HashThreadError,
  workerEngine,
  type WorkerEngineOptions,
} from "./passwords/worker_engine.ts";
export { passwordFault } from "./passwords/password_policy.ts";
