import {
  type Caller,
  hasRight,
  type Principal,
  requireRight,
  requireUser,
  type TokenVerifier,
} from "@flotilla/auth/verify";
import { type Clock, ProblemError } from "@flotilla/runtime";
import { addressKey } from "./client.ts";
import { bearerToken } from "./credentials.ts";
import { limitFields, tooManyRequests } from "./limits/limit_fields.ts";
import type { RateLimiter, Verdict } from "./limits/rate_limiter.ts";
import type { Access } from "./route.ts";

/** Who may make how many requests. */
export interface Limiters {
  /** For those who are signed in, by name. @default no limit */
  caller?: RateLimiter | undefined;
  /** For everybody else, by address; tokens that do not hold count here too. @default no limit */
  address?: RateLimiter | undefined;
}

/** What {@linkcode createAdmission} works with. */
export interface AdmissionOptions {
  readonly verifier: TokenVerifier;
  readonly limiters: Limiters;
  readonly clock: Clock;
}

/** One request at the door. */
export interface Arrival {
  readonly request: Request;
  readonly access: Access;
  /** Of the client, `undefined` when it is not known. */
  readonly address: string | undefined;
  /** Fields of the answer, whatever it will be. */
  readonly fields: Headers;
}

/** Lets requests in. */
export interface Admission {
  /**
   * Who is calling.
   *
   * @throws {ProblemError} 401 without a token that holds where one is due, 403 without the right, 429 for one
   * request too many
   */
  admit(arrival: Arrival): Promise<Caller>;
  /**
   * Lets a request in without waiting, when the token was checked before, the right is there and so is a permit;
   * otherwise `undefined`: nothing was counted, and {@linkcode Admission.admit} must judge.
   */
  admitAtOnce(arrival: PromptArrival): Admitted | undefined;
}

/** One request at the door that is not to wait there. */
export interface PromptArrival {
  readonly access: Access;
  readonly token: string;
  /** Whether a caller can be let in now; asked before the request is counted. */
  ready(caller: Caller): boolean;
}

/** A request that was let in. */
export interface Admitted {
  readonly caller: Caller;
  /** Fields of the answer that tell of limits. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

const ANONYMOUS: Caller = { kind: "anonymous" };

/** Makes the door: tokens and rights are checked and requests counted, on the spot in nearly all cases. */
export function createAdmission({ verifier, limiters, clock }: AdmissionOptions): Admission {
  async function charge(limiter: RateLimiter | undefined, key: string, fields: Headers): Promise<void> {
    if (limiter !== undefined) judge(await limiter.take(key), fields);
  }

  function judge(verdict: Verdict, fields: Headers): void {
    const now = clock.now();
    for (const [name, value] of limitFields(verdict, now)) fields.set(name, value);
    if (!verdict.allowed) throw tooManyRequests(verdict, now);
  }

  async function identify({ request, address, fields }: Arrival): Promise<Principal> {
    const limiter = limiters.address;
    try {
      const token = bearerToken(request.headers);
      if (token === undefined) return requireUser(ANONYMOUS);
      const known = verifier.peek(token);
      if (known !== undefined) return known;
      // A signature costs time to check: an address that has sent too many bad ones gets no more checked.
      const refused = limiter?.refused(addressKey(address));
      if (refused !== undefined) judge(refused, fields);
      return await verifier.verify(token);
    } catch (error) {
      const unidentified = error instanceof ProblemError && error.status === 401;
      if (unidentified) await charge(limiter, addressKey(address), fields);
      throw error;
    }
  }

  return {
    async admit(arrival) {
      const { access, address, fields } = arrival;
      if (access === "public") {
        await charge(limiters.address, addressKey(address), fields);
        return address === undefined ? ANONYMOUS : { kind: "anonymous", address };
      }
      const principal = await identify(arrival);
      const caller: Caller = { kind: "user", principal };
      await charge(limiters.caller, principal.subject, fields);
      if (access !== "user") requireRight(caller, access);
      return caller;
    },
    admitAtOnce({ access, token, ready }) {
      if (access === "public") return undefined;
      const principal = verifier.peek(token);
      if (principal === undefined || (access !== "user" && !hasRight(principal, access))) return undefined;
      const caller: Caller = { kind: "user", principal };
      if (!ready(caller)) return undefined;
      if (limiters.caller === undefined) return { caller, fields: [] };
      const verdict = limiters.caller.takeAtHand(principal.subject);
      return verdict?.allowed ? { caller, fields: limitFields(verdict, clock.now()) } : undefined;
    },
  };
}
