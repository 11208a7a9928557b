import { type Environment, internalKey, kvAccessToken, production, secretProblems } from "@flotilla/runtime";

/** The flags that have no safe default. */
export interface ProductionFlags {
  readonly database: string | undefined;
  readonly limits: string | undefined;
  readonly corsOrigin: readonly string[];
}

/**
 * What keeps a gateway from starting in production, one sentence for each; empty elsewhere. Nothing starts there with
 * a secret that everybody can read in the source, or without what makes logout and limits hold over all gateways.
 */
export function productionProblems(flags: ProductionFlags, environment?: Environment): string[] {
  if (!production(environment)) return [];
  const { database, limits, corsOrigin } = flags;
  const needed = Object.entries({ database, limits }).filter(([, target]) =>
    target === undefined || target === ":memory:"
  )
    .map(([name]) => `Cannot start in production: --${name} must name a database that all gateways share`);
  const open = corsOrigin.includes("*")
    ? ["Cannot start in production: --cors-origin must name each site, not *"]
    : [];
  return [...secretProblems([internalKey, kvAccessToken], environment), ...needed, ...open];
}
