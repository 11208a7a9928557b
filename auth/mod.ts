/**
 * Users, passwords, sessions, signing keys and tokens: the auth service. What other roles need of it is in
 * `@flotilla/auth/verify`.
 *
 * @module
 */
export { type AuthOptions, createAuth } from "./auth.ts";
export {
  DevelopmentAdminError,
  refuseDevelopmentAdmin,
  seedDevelopmentAdmin,
  type SeedOptions,
} from "./development_admin.ts";
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
