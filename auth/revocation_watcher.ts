import { type Clock, systemClock, type Timer } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { REVOCATION_HEAD, revocationKey } from "./keyspace.ts";
import type { Principal } from "./principal.ts";
import { type Revocation, revocationSchema, sequenceSchema } from "./revocation.ts";
import { sessionEpoch } from "./session_id.ts";

/** Knows which sessions have ended before their tokens. */
export interface RevocationWatcher extends Disposable {
  /** Whether the session of a principal has ended: a look-up in memory. */
  isRevoked(principal: Principal): boolean;
  /**
   * Resolves when all revocations of before are known: a readiness check. Until then nobody can be let in for sure.
   *
   * @throws {Error} when the database cannot be read
   */
  ready(): Promise<void>;
  /** How many revocations are kept at the moment. */
  readonly size: number;
}

/** How {@linkcode createRevocationWatcher} watches. */
export interface RevocationWatcherOptions {
  /** The database of the auth services. */
  kv: Deno.Kv;
  /**
   * Milliseconds between two looks at the number while no watch is open, and until one that ended begins again.
   *
   * @default 1_000
   */
  interval?: number;
  /** Milliseconds between two looks beside an open watch, should it have been lost without a sign. @default 5_000 */
  watchedInterval?: number;
  /** @default `systemClock` */
  clock?: Clock;
}

/**
 * Follows the revocations in the database from the first one on: what came while either side was down is caught up with
 * by number. Those whose tokens have ended are forgotten. While the database is away nothing can be revoked either, so
 * that what is known stays right.
 *
 * @throws {RangeError} when an interval is not more than 0
 */
export function createRevocationWatcher(options: RevocationWatcherOptions): RevocationWatcher {
  const { kv, interval = 1_000, watchedInterval = 5_000, clock = systemClock } = options;
  for (const [name, value] of Object.entries({ interval, watchedInterval })) {
    if (value > 0) continue;
    throw new RangeError(`Cannot watch revocations: ${name} must be more than 0 ms, got ${value}`);
  }
  const ended = new EndedSessions();
  const follower = new Follower(kv, ended, clock);
  const stop = follower.start({ interval, watchedInterval });
  return {
    isRevoked: (principal) => ended.has(principal),
    ready: () => follower.synced ? Promise.resolve() : follower.catchUp(),
    get size() {
      return ended.size;
    },
    [Symbol.dispose]: stop,
  };
}

/** The revocations that still matter. */
class EndedSessions {
  readonly #sessions = new Map<string, number>();
  readonly #users = new Map<string, Extract<Revocation, { kind: "user" }>>();

  get size(): number {
    return this.#sessions.size + this.#users.size;
  }

  has({ subject, session }: Principal): boolean {
    if (this.#sessions.has(session)) return true;
    const rule = this.#users.get(subject);
    if (rule === undefined || rule.except === session) return false;
    // Not `<`: an id without an epoch is of no session that could be exempt.
    return !(sessionEpoch(session) >= rule.before);
  }

  add(revocation: Revocation): void {
    if (revocation.kind === "session") this.#sessions.set(revocation.session, revocation.until);
    else this.#users.set(revocation.username, revocation);
  }

  forget(now: number): void {
    for (const [session, until] of this.#sessions) if (until <= now) this.#sessions.delete(session);
    for (const [username, { until }] of this.#users) if (until <= now) this.#users.delete(username);
  }
}

class Follower {
  synced = false;
  readonly #kv: Deno.Kv;
  readonly #ended: EndedSessions;
  readonly #clock: Clock;
  readonly #logger = getLogger(["flotilla", "auth"]);
  #last = 0;
  #catchingUp: Promise<void> | undefined;
  #again = false;

  constructor(kv: Deno.Kv, ended: EndedSessions, clock: Clock) {
    this.#kv = kv;
    this.#ended = ended;
    this.#clock = clock;
  }

  /** Follows until the returned function is called. */
  start({ interval, watchedInterval }: { interval: number; watchedInterval: number }): () => void {
    let timer: Timer | undefined;
    let reader: ReadableStreamDefaultReader<unknown> | undefined;
    let [watched, stopped] = [false, false];
    const lookLater = () => {
      timer?.cancel();
      const ms = watched ? watchedInterval : interval;
      timer = stopped ? undefined : this.#clock.setTimeout(tick, ms, { background: true });
    };
    const follow = async () => {
      try {
        reader = this.#kv.watch([REVOCATION_HEAD]).getReader();
        while (!(await reader.read()).done) {
          watched = true;
          lookLater();
          void this.#tryCatchUp();
        }
      } catch (error) {
        if (!stopped) this.#logger.warn("The watch for revocations ended: it begins again", { error });
      } finally {
        reader = undefined;
        watched = false;
        lookLater();
      }
    };
    const tick = () => {
      lookLater();
      if (reader === undefined) void follow();
      void this.#tryCatchUp();
    };
    tick();
    return () => {
      stopped = true;
      timer?.cancel();
      reader?.cancel().catch(() => {});
    };
  }

  /** Reads what came since the last time; while it does so, one more time is remembered. */
  catchUp(): Promise<void> {
    if (this.#catchingUp !== undefined) {
      this.#again = true;
      return this.#catchingUp;
    }
    return this.#catchingUp = this.#read().finally(() => {
      this.#catchingUp = undefined;
      if (!this.#again) return;
      this.#again = false;
      void this.#tryCatchUp();
    });
  }

  async #tryCatchUp(): Promise<void> {
    try {
      await this.catchUp();
    } catch (error) {
      this.#logger.debug("The revocations cannot be read: those at hand are used on", { error });
    }
  }

  async #read(): Promise<void> {
    const { value } = await this.#kv.get(REVOCATION_HEAD);
    const head = value === null ? 0 : sequenceSchema.parse(value);
    // Another database, or an older copy of it, counts anew.
    if (head < this.#last) this.#last = 0;
    if (head > this.#last) await this.#readTo(head);
    this.#ended.forget(this.#clock.now());
    this.synced = true;
  }

  async #readTo(head: number): Promise<void> {
    const range = { start: revocationKey(this.#last + 1), end: revocationKey(head + 1) };
    for await (const entry of this.#kv.list(range)) this.#ended.add(revocationSchema.parse(entry.value));
    this.#last = head;
  }
}
