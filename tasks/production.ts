import { type Environment, internalKey, kvAccessToken, production, SecretError } from "@flotilla/runtime";

/** What is wrong with the secrets of a production environment, one sentence for each; empty outside production. */
export function productionProblems(environment?: Environment): string[] {
  if (!production(environment)) return [];
  return [kvAccessToken, internalKey].flatMap((read) => {
    try {
      read(environment);
      return [];
    } catch (error) {
      if (error instanceof SecretError) return [error.message];
      throw error;
    }
  });
}
