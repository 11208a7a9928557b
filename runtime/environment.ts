/** Where the values of the environment come from; a test passes a plain record. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's own environment, read variable by variable so that exact `--allow-env` names suffice. */
export const processEnvironment: Environment = new Proxy<Record<string, string | undefined>>({}, {
  get(_target, name) {
    if (typeof name !== "string") return undefined;
    const { state } = Deno.permissions.querySync({ name: "env", variable: name });
    return state === "granted" ? Deno.env.get(name) : undefined;
  },
});

/** Whether `FLOTILLA_ENV` is `production`: then nothing starts on a default password, key or token. */
export function production(environment: Environment = processEnvironment): boolean {
  return environment["FLOTILLA_ENV"] === "production";
}

/** A secret is missing, too short, or a development default where `FLOTILLA_ENV=production`. */
export class SecretError extends Error {
  override readonly name = "SecretError";
}

/** How {@linkcode secret} reads. */
export interface SecretOptions {
  /** Used outside production when the variable is not set. @default none: the variable is needed everywhere */
  developmentDefault?: string;
  /** Fewest characters. @default 16 */
  minLength?: number;
  /** @default the process's own */
  environment?: Environment;
}

/**
 * Reads a secret from the environment.
 *
 * @throws {SecretError} when it is not set (in production there is no default), too short, or in production the same
 * as the development default, which everyone can read in the source
 */
export function secret(variable: string, options: SecretOptions = {}): string {
  const { developmentDefault, minLength = 16, environment = processEnvironment } = options;
  const given = environment[variable] || undefined;
  if (production(environment)) {
    if (given === undefined) throw new SecretError(`Cannot start in production: ${variable} is not set`);
    if (given === developmentDefault) {
      throw new SecretError(`Cannot start in production: ${variable} is the development default`);
    }
  }
  const value = given ?? developmentDefault;
  if (value === undefined) throw new SecretError(`Cannot start: ${variable} is not set`);
  if (value.length < minLength) {
    throw new SecretError(`Cannot start: ${variable} must have at least ${minLength} characters`);
  }
  return value;
}

/** The KV Connect access token that stores ask for and clients send (`DENO_KV_ACCESS_TOKEN`). */
export function kvAccessToken(environment: Environment = processEnvironment): string {
  return secret("DENO_KV_ACCESS_TOKEN", {
    developmentDefault: "flotilla-development-kv-token",
    environment,
  });
}

/** The key that signs calls from role to role (`FLOTILLA_INTERNAL_KEY`), at least 32 characters. */
export function internalKey(environment: Environment = processEnvironment): string {
  return secret("FLOTILLA_INTERNAL_KEY", {
    developmentDefault: "flotilla-development-internal-key-0000",
    minLength: 32,
    environment,
  });
}

/** What is wrong with secrets, one sentence for each, so that a process that cannot start names them all at once. */
export function secretProblems(
  secrets: readonly ((environment?: Environment) => string)[],
  environment?: Environment,
): string[] {
  return secrets.flatMap((read) => {
    try {
      read(environment);
      return [];
    } catch (error) {
      if (error instanceof SecretError) return [error.message];
      throw error;
    }
  });
}
