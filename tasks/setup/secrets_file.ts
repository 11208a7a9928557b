import { encodeBase64Url } from "@std/encoding";

/** What one installation keeps secret, and the account it begins with. */
export interface Secrets {
  /** Signs calls from role to role, and seals the signing keys in the database. */
  readonly internalKey: string;
  /** Opens the stores. */
  readonly kvAccessToken: string;
  /** Opens the balancers' admin API. */
  readonly adminToken: string;
  /** The first account's name. */
  readonly username: string;
  /** The first account's password. */
  readonly password: string;
}

/** Draws new secrets: 256 bits each, and a password of 144 bits. */
export function drawSecrets(username: string): Secrets {
  return {
    internalKey: draw(32),
    kvAccessToken: draw(32),
    adminToken: draw(32),
    username,
    password: draw(18),
  };
}

/** The text of the file: an environment to read with `set -a; . FILE`, or with `--env-file`. */
export function secretsText(secrets: Secrets): string {
  return `# Secrets of one Flotilla installation. Whoever reads this file can do everything.
FLOTILLA_ENV=production
FLOTILLA_INTERNAL_KEY=${secrets.internalKey}
DENO_KV_ACCESS_TOKEN=${secrets.kvAccessToken}
FLOTILLA_ADMIN_TOKEN=${secrets.adminToken}

# The first account. Sign in, change the password with PUT /auth/password, and take these lines out.
# username: ${secrets.username}
# password: ${secrets.password}
`;
}

/**
 * Writes the file, readable by its owner only.
 *
 * @throws {Deno.errors.AlreadyExists} when there is one: the secrets in it may be in use
 */
export async function writeSecrets(path: string, secrets: Secrets): Promise<void> {
  await Deno.writeTextFile(path, secretsText(secrets), { createNew: true, mode: 0o600 });
}

function draw(bytes: number): string {
  return encodeBase64Url(crypto.getRandomValues(new Uint8Array(bytes)));
}
