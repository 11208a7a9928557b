import { type Clock, ProblemError, systemClock } from "@flotilla/runtime";
import { encodeBase64Url } from "@std/encoding";
import { atomicChange } from "./atomic_change.ts";
import { addressGroup } from "./address_group.ts";
import {
  afterFailure,
  afterRefund,
  type Attempts,
  currentAttempts,
  type DelayPolicy,
} from "./growing_delay.ts";
import { attemptsKey, knownAddressKey } from "./keyspace.ts";

/** Someone who tries a password. */
export interface Attempter {
  readonly username: string;
  /** The client's address, if it is known. */
  readonly address: string | undefined;
  /** Aborted when nobody waits for the outcome any more. @default never */
  readonly signal?: AbortSignal;
}

/** One attempt that was let through: it counts as failed until it is said to be something else. */
export interface CountedAttempt {
  /** The password was right. */
  succeeded(): Promise<void>;
  /** The password was not checked after all. */
  withdraw(): Promise<void>;
}

/** Limits how often passwords are tried. */
export interface AttemptLimits {
  /**
   * Counts an attempt before the password is looked at, so that many at the same moment count as many.
   *
   * @throws {ProblemError} 429 with `Retry-After` while the account or the address has to wait
   */
  begin(attempter: Attempter): Promise<CountedAttempt>;
}

/** How {@linkcode createAttemptLimits} limits. */
export interface AttemptLimitsOptions {
  kv: Deno.Kv;
  /** For attempts on one account. @default 10 free, then 1 s doubled up to 15 min, forgotten after 12 h */
  account?: DelayPolicy;
  /**
   * For attempts from one address, where many people may sit behind. Its ceiling is lower, so that nobody can lock out a
   * whole office for long. @default 100 free, then 1 s doubled up to 1 min, forgotten after 1 h
   */
  address?: DelayPolicy;
  /** @default `systemClock` */
  clock?: Clock;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ACCOUNT: DelayPolicy = { free: 10, base: 1_000, ceiling: 15 * MINUTE, forget: 12 * HOUR };
const ADDRESS: DelayPolicy = { free: 100, base: 1_000, ceiling: MINUTE, forget: HOUR };
/** How long an address is known from which somebody signed in. */
const KNOWN_FOR = 30 * 24 * HOUR;
/** So old is a memory before it is worth another write. */
const REMEMBERED_ANEW = 24 * HOUR;

interface Counter {
  readonly key: Deno.KvKey;
  readonly policy: DelayPolicy;
}

/**
 * Counts failures per account and per address in the database, for all auth services together. Accounts that do not exist
 * are counted like those that do. Whoever signed in from an address before has a count of its own there: failures of a
 * stranger from elsewhere do not keep the owner out.
 */
export function createAttemptLimits(options: AttemptLimitsOptions): AttemptLimits {
  const { kv, account = ACCOUNT, address = ADDRESS, clock = systemClock } = options;

  async function counters(attempter: Attempter): Promise<{ account: Counter; address: Counter | undefined }> {
    const id = await digest(attempter.username);
    if (attempter.address === undefined) {
      return { account: { key: attemptsKey("account", id), policy: account }, address: undefined };
    }
    const group = addressGroup(attempter.address);
    const known = (await kv.get(knownAddressKey(id, group))).versionstamp !== null;
    return {
      account: { key: attemptsKey("account", known ? `${id} ${group}` : id), policy: account },
      address: { key: attemptsKey("address", group), policy: address },
    };
  }

  /** Milliseconds to wait; 0 when the attempt was counted. */
  async function count({ key, policy }: Counter): Promise<number> {
    const id = crypto.randomUUID();
    return await atomicChange<number>(async () => {
      const entry = await kv.get(key);
      const now = clock.now();
      const attempts = currentAttempts(entry.value, now);
      if (attempts.last === id) return { done: 0 };
      if (attempts.until > now) return { done: attempts.until - now };
      const operation = kv.atomic().check(entry)
        .set(key, afterFailure(attempts, policy, { now, id }), { expireIn: policy.forget });
      return { operation, result: 0 };
    });
  }

  async function change(
    { key, policy }: Counter,
    to: (attempts: Attempts) => Attempts | undefined,
  ): Promise<void> {
    await atomicChange<void>(async () => {
      const entry = await kv.get(key);
      if (entry.versionstamp === null) return { done: undefined };
      const next = to(currentAttempts(entry.value, clock.now()));
      const operation = kv.atomic().check(entry);
      if (next === undefined) operation.delete(key);
      else operation.set(key, next, { expireIn: policy.forget });
      return { operation, result: undefined };
    });
  }

  async function remember({ username, address: from }: Attempter): Promise<void> {
    if (from === undefined) return;
    const key = knownAddressKey(await digest(username), addressGroup(from));
    const entry = await kv.get<number>(key);
    if (entry.value !== null && clock.now() - entry.value < REMEMBERED_ANEW) return;
    await kv.atomic().check(entry).set(key, clock.now(), { expireIn: KNOWN_FOR }).commit();
  }

  return {
    async begin(attempter) {
      const counted = await counters(attempter);
      const ofAddress = counted.address;
      const addressWait = ofAddress === undefined ? 0 : await count(ofAddress);
      if (addressWait > 0) throw tooMany(addressWait);
      const accountWait = await count(counted.account);
      const refund = async () => {
        if (ofAddress !== undefined) await change(ofAddress, afterRefund);
      };
      if (accountWait > 0) throw tooMany(accountWait);
      return {
        async succeeded() {
          await Promise.all([change(counted.account, () => undefined), refund(), remember(attempter)]);
        },
        async withdraw() {
          await Promise.all([change(counted.account, afterRefund), refund()]);
        },
      };
    },
  };
}

function tooMany(ms: number): ProblemError {
  const seconds = Math.ceil(ms / 1_000);
  return new ProblemError(429, `Too many failed attempts to sign in: wait ${seconds} s`, {
    headers: { "retry-after": String(seconds) },
  });
}

/** Usernames as they are typed are of any length, and sometimes they are passwords: neither goes into a key. */
async function digest(username: string): Promise<string> {
  return encodeBase64Url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(username)));
}
