import { ProblemError } from "@flotilla/runtime";
import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { type Argon2Parameters, OWASP_PARAMETERS, SALT_LENGTH } from "./argon2id.ts";
import { type HashEngine, inlineEngine } from "./hash_engine.ts";
import { decodePhc, encodePhc } from "./phc.ts";

/** Hashes passwords and checks them. */
export interface PasswordHasher {
  /** How many calls may be under way at the same time; the rest is shed. */
  readonly capacity: number;
  /** Whether it would shed a call right now. */
  readonly saturated: boolean;
  /**
   * The hash of a password, in the PHC string format.
   *
   * @throws {ProblemError} 503 with `Retry-After` when too many wait already
   */
  hash(password: string): Promise<string>;
  /**
   * Whether the password has this hash.
   *
   * @param signal aborted when nobody waits for it any more: when its turn has not come by then, it is not computed
   * @throws {ProblemError} 503 with `Retry-After` when too many wait already
   */
  verify(password: string, encoded: string, signal?: AbortSignal): Promise<boolean>;
  /** Whether the hash was made with cheaper parameters than are in force. */
  outdated(encoded: string): boolean;
}

/** How {@linkcode createPasswordHasher} hashes. */
export interface PasswordHasherOptions {
  /** Where it computes. @default {@linkcode inlineEngine} */
  engine?: HashEngine;
  /** @default {@linkcode OWASP_PARAMETERS} */
  parameters?: Argon2Parameters;
  /** How many may wait for a turn; the rest is shed. @default 16 for each hash that runs at the same time */
  maxWaiting?: number;
}

/**
 * Hashes with argon2id (RFC 9106). As many run at once as the engine has threads, a bounded number waits, and the rest
 * is answered with 503 at once: a flood of sign-ins takes one core, and never the process.
 *
 * @throws {RangeError} when a parameter is out of range
 */
export function createPasswordHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  const { engine = inlineEngine(), parameters = OWASP_PARAMETERS } = options;
  const { maxWaiting = 16 * engine.parallelism } = options;
  checkParameters(parameters, maxWaiting);
  const limit = engine.parallelism + maxWaiting;
  let admitted = 0;

  async function derive(
    password: string,
    { salt, cost, signal }: { salt: Uint8Array; cost: Argon2Parameters; signal?: AbortSignal | undefined },
  ): Promise<Uint8Array> {
    if (admitted >= limit) throw overload();
    admitted++;
    try {
      return await engine.derive({ password: password.normalize("NFKC"), salt, parameters: cost }, signal);
    } catch (error) {
      throw signal?.aborted ? overload() : error;
    } finally {
      admitted--;
    }
  }

  return {
    capacity: limit,
    get saturated() {
      return admitted >= limit;
    },
    async hash(password) {
      const salt = crypto.getRandomValues(new Uint8Array(SALT_LENGTH));
      return encodePhc({ parameters, salt, tag: await derive(password, { salt, cost: parameters }) });
    },
    async verify(password, encoded, signal) {
      const known = decodePhc(encoded);
      if (known === undefined) {
        throw new TypeError("Cannot check a password: its hash is in an unknown format");
      }
      const tag = await derive(password, { salt: known.salt, cost: known.parameters, signal });
      return tag.length === known.tag.length && timingSafeEqual(tag, known.tag);
    },
    outdated(encoded) {
      const known = decodePhc(encoded)?.parameters;
      return known === undefined || known.memory < parameters.memory || known.passes < parameters.passes;
    },
  };
}

/** The answer to a sign-in for which there is no capacity. */
export function overload(): ProblemError {
  return new ProblemError(503, "Too many sign-ins at the moment: try again shortly", {
    headers: { "retry-after": "1" },
  });
}

function checkParameters({ memory, passes }: Argon2Parameters, maxWaiting: number): void {
  if (passes < 1 || memory < 8) {
    throw new RangeError(
      `Cannot hash passwords: argon2id needs m >= 8 and t >= 1, got m=${memory}, t=${passes}`,
    );
  }
  if (!Number.isInteger(maxWaiting) || maxWaiting < 0) {
    throw new RangeError(`Cannot hash passwords: maxWaiting must be an integer from 0, got ${maxWaiting}`);
  }
}
