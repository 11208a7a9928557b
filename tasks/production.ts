import {
  type Environment,
  internalKey,
  kvAccessToken,
  production,
  secret,
  secretProblems,
} from "@flotilla/runtime";

/** Every secret that the roles of a system need. */
const SECRETS: readonly ((environment?: Environment) => string)[] = [
  kvAccessToken,
  internalKey,
  (environment) => secret("FLOTILLA_ADMIN_TOKEN", environment === undefined ? {} : { environment }),
];

/** What is wrong with the secrets of a production environment, one sentence for each; empty outside production. */
export function productionProblems(environment?: Environment): string[] {
  return production(environment) ? secretProblems(SECRETS, environment) : [];
}
