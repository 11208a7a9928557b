import { type Clock, ProblemError, systemClock } from "@flotilla/runtime";
import { errors, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { type Caller, rightSchema, roleSchema } from "./principal.ts";

/** The field that carries an assertion from one role to another. */
export const ASSERTION_HEADER = "x-flotilla-assertion";

const AUDIENCE = "flotilla-internal";
const TYPE = "flotilla-assertion+jwt";
const LIFETIME = 60;
/** An assertion is sent again while it has at least this long to live; seconds. */
const MARGIN = 30;
/** How far two hosts' clocks may be apart; seconds. */
const TOLERANCE = 5;

/** How assertions are made and checked. */
export interface AssertionOptions {
  /** The key that all roles share, at least 32 characters. */
  key: string;
  /** @default `systemClock` */
  clock?: Clock;
  /** How many callers (when signing) or assertions (when checking) are remembered. @default 10_000 */
  capacity?: number;
}

/** Makes assertions. */
export interface AssertionSigner {
  /** A proof for the next role of who is calling, valid for at least 30 seconds more. */
  sign(caller: Caller): Promise<string>;
  /** What {@linkcode AssertionSigner.sign} would give, if it was signed before; without waiting. */
  peek(caller: Caller): string | undefined;
}

/** Checks assertions. */
export interface AssertionVerifier {
  /**
   * Who is calling, by the request's assertion: at once when it was checked before. Rejects with a
   * {@linkcode ProblemError} of status 401 when there is none, or it is forged or over.
   */
  verify(request: Request): Caller | Promise<Caller>;
  /** Who is calling, if this assertion was checked before and still holds. */
  peek(assertion: string): Caller | undefined;
}

/**
 * Signs what this role knows of its caller for the next one: a JWT with HMAC-SHA256 (RFC 7519) that lives a minute, so
 * that no plain field can be forged. One assertion serves all calls of the same token within half a minute.
 *
 * @throws {RangeError} when the key is shorter than 32 characters
 */
export function createAssertionSigner(
  options: AssertionOptions & {
    /** This role's name, for the logs of the other one. */
    issuer: string;
  },
): AssertionSigner {
  const { key, issuer, clock = systemClock, capacity = 10_000 } = options;
  const secret = hmacKey(key);
  const made = new LRUCache<string, Made>({ max: capacity });

  function make(caller: Caller, now: number): Promise<string> {
    const jwt = new SignJWT(claimsOf(caller))
      .setProtectedHeader({ alg: "HS256", typ: TYPE })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setIssuedAt(now)
      .setExpirationTime(now + LIFETIME);
    return jwt.sign(secret);
  }

  return {
    sign(caller) {
      const now = Math.floor(clock.now() / 1_000);
      const id = identityOf(caller);
      const known = made.get(id);
      if (known !== undefined && known.until > now) return known.assertion;
      const entry: Made = { assertion: make(caller, now), text: undefined, until: now + LIFETIME - MARGIN };
      made.set(id, entry);
      void entry.assertion.then((text) => entry.text = text, () => {});
      return entry.assertion;
    },
    peek(caller) {
      const known = made.get(identityOf(caller));
      return known !== undefined && known.until > Math.floor(clock.now() / 1_000) ? known.text : undefined;
    },
  };
}

/**
 * Checks the assertions of other roles: algorithm, type and audience are fixed (RFC 8725, sections 3.1, 3.9 and 3.11).
 *
 * @throws {RangeError} when the key is shorter than 32 characters
 */
export function createAssertionVerifier(options: AssertionOptions): AssertionVerifier {
  const { key, clock = systemClock, capacity = 10_000 } = options;
  const secret = hmacKey(key);
  const known = new LRUCache<string, { caller: Caller; expires: number }>({ max: capacity });

  async function check(assertion: string, now: number): Promise<Caller> {
    const { payload } = await jwtVerify(assertion, secret, {
      algorithms: ["HS256"],
      audience: AUDIENCE,
      typ: TYPE,
      currentDate: new Date(now),
      clockTolerance: TOLERANCE,
      requiredClaims: ["exp"],
    });
    const { caller, exp } = payloadSchema.parse(payload);
    known.set(assertion, { caller, expires: (exp + TOLERANCE) * 1_000 });
    return caller;
  }

  async function checkOrRefuse(assertion: string, now: number): Promise<Caller> {
    try {
      return await check(assertion, now);
    } catch (cause) {
      if (!(cause instanceof errors.JOSEError || cause instanceof z.ZodError)) throw cause;
      throw refusal("The proof of who is calling is forged or over", cause);
    }
  }

  function peek(assertion: string, now = clock.now()): Caller | undefined {
    const before = known.get(assertion);
    return before !== undefined && before.expires > now ? before.caller : undefined;
  }

  return {
    peek: (assertion) => peek(assertion),
    verify(request) {
      const assertion = request.headers.get(ASSERTION_HEADER);
      if (assertion === null) {
        return Promise.reject(refusal("This port is for calls from inside only", undefined));
      }
      const now = clock.now();
      return peek(assertion, now) ?? checkOrRefuse(assertion, now);
    },
  };
}

/** An assertion that may be sent again. */
interface Made {
  readonly assertion: Promise<string>;
  /** The same, once it is signed. */
  text: string | undefined;
  /** Seconds since the epoch. */
  readonly until: number;
}

const principalSchema = z.object({
  subject: z.string().min(1),
  role: roleSchema,
  rights: z.array(rightSchema),
  session: z.string(),
  tokenId: z.string(),
  expires: z.number(),
});
const callerSchema: z.ZodType<Caller> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("user"), principal: principalSchema }),
  z.object({ kind: z.literal("anonymous"), address: z.string().max(64).exactOptional() }),
]);
const payloadSchema = z.object({ caller: callerSchema, exp: z.number() });

/** What makes one caller's assertion another's: no two callers share it. */
function identityOf(caller: Caller): string {
  if (caller.kind === "anonymous") return `anonymous ${caller.address ?? ""}`;
  return `user ${caller.principal.tokenId} ${caller.principal.subject}`;
}

function claimsOf(caller: Caller): { caller: Caller } {
  return { caller };
}

function hmacKey(key: string): Uint8Array {
  if (key.length < 32) {
    throw new RangeError(`Cannot use the internal key: must have 32 characters, got ${key.length}`);
  }
  return new TextEncoder().encode(key);
}

function refusal(detail: string, cause: unknown): ProblemError {
  return new ProblemError(401, detail, { headers: { "www-authenticate": "Bearer" }, cause });
}
