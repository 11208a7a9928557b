import { type Clock, commitChecked, systemClock } from "@flotilla/runtime";
import { atomicChange, type Attempt } from "./atomic_change.ts";
import { sessionKey, userKey } from "./keyspace.ts";
import type { RefreshClaim, RefreshTokens } from "./refresh_token.ts";
import { refreshTurn } from "./refresh_turn.ts";
import type { RevocationFeed } from "./revocation_feed.ts";
import { type Session, sessionSchema } from "./session.ts";
import { makeSessionId } from "./session_id.ts";
import type { StoredUser, User } from "./user.ts";
import type { Users } from "./users.ts";

/** A session with its owner and the refresh token that is in force. */
export interface OpenSession {
  readonly session: Session;
  readonly user: User;
  readonly refreshToken: string;
}

/** What a refresh comes to. */
export type RefreshOutcome =
  | { readonly kind: "refreshed"; readonly open: OpenSession }
  /** A token that was used up before came again: somebody else has it, too, and the session was ended. */
  | { readonly kind: "reused"; readonly session: Session }
  /** It is no token of ours, or its session is over. */
  | { readonly kind: "invalid" };

/** The sessions in the database. */
export interface Sessions {
  /**
   * Begins a session; `undefined` when the user has changed since it was read.
   *
   * @param passwordHash a new hash of the same password, to be stored at the same time
   */
  open(stored: StoredUser, passwordHash?: string): Promise<OpenSession | undefined>;
  /** The session, as long as it lasts. */
  find(id: string): Promise<StoredSession | undefined>;
  /** Uses up a refresh token for the next one. */
  refresh(token: string): Promise<RefreshOutcome>;
  /** Ends a session and its tokens. @returns whether it had not ended before */
  end(id: string): Promise<boolean>;
}

/** A session with the version that it was read in. */
export interface StoredSession {
  readonly session: Session;
  readonly versionstamp: string;
}

/** How {@linkcode createSessions} works. */
export interface SessionOptions {
  kv: Deno.Kv;
  users: Users;
  refreshTokens: RefreshTokens;
  revocations: RevocationFeed;
  /** Milliseconds that a session lasts after it was refreshed last. @default 30 days */
  idle?: number;
  /** Milliseconds that it lasts at most. @default 90 days */
  absolute?: number;
  /**
   * Milliseconds in which the refresh token before the one in force gets that one again: two tabs may ask at once, and
   * an answer may get lost. @default 10_000
   */
  reuseInterval?: number;
  /** @default `systemClock` */
  clock?: Clock;
}

const DAY = 86_400_000;

/**
 * The sessions in a database. Refresh tokens are used once (RFC 9700, section 4.14.2): each refresh gives the next one, and
 * one that was used up before ends the session.
 */
export function createSessions(options: SessionOptions): Sessions {
  const { idle = 30 * DAY, absolute = 90 * DAY, reuseInterval = 10_000, clock = systemClock } = options;
  return new DatabaseSessions({ ...options, idle, absolute, reuseInterval, clock });
}

class DatabaseSessions implements Sessions {
  readonly #options: Required<SessionOptions>;

  constructor(options: Required<SessionOptions>) {
    this.#options = options;
  }

  async open(
    { user, versionstamp }: StoredUser,
    passwordHash: string = user.passwordHash,
  ): Promise<OpenSession | undefined> {
    const { kv, idle, absolute, clock } = this.#options;
    const now = clock.now();
    const id = makeSessionId(user.epoch);
    const times = { created: now, rotated: now, expires: now + idle, ends: now + absolute };
    const session = { id, username: user.username, epoch: user.epoch, generation: 0, ...times };
    const operation = kv.atomic()
      .check({ key: userKey(user.username), versionstamp })
      .check({ key: sessionKey(id), versionstamp: null })
      .set(sessionKey(id), session, { expireIn: idle });
    if (passwordHash !== user.passwordHash) operation.set(userKey(user.username), { ...user, passwordHash });
    // Its answer may have been lost.
    if (!await commitChecked(operation) && await this.find(id) === undefined) return undefined;
    return await this.#opened(session, user);
  }

  async find(id: string): Promise<StoredSession | undefined> {
    const { value, versionstamp } = await this.#options.kv.get(sessionKey(id));
    if (versionstamp === null) return undefined;
    const session = sessionSchema.parse(value);
    return session.expires > this.#options.clock.now() ? { session, versionstamp } : undefined;
  }

  async refresh(token: string): Promise<RefreshOutcome> {
    const claim = await this.#options.refreshTokens.read(token);
    if (claim === undefined) return { kind: "invalid" };
    const turn = await atomicChange(() => this.#advance(claim));
    if (turn.kind === "reused") await this.end(turn.session.id);
    if (turn.kind !== "current") return turn;
    return { kind: "refreshed", open: await this.#opened(turn.session, turn.user) };
  }

  async end(id: string): Promise<boolean> {
    const { kv, revocations } = this.#options;
    return await revocations.change<boolean>(async () => {
      const stored = await this.find(id);
      if (stored === undefined) return { done: false };
      const key = sessionKey(id);
      const operation = kv.atomic().check({ key, versionstamp: stored.versionstamp }).delete(key);
      return { operation, result: true, revokes: { kind: "session", session: id } };
    });
  }

  async #advance({ session: id, generation }: RefreshClaim): Promise<Attempt<Advance>> {
    const { kv, users, idle, reuseInterval, clock } = this.#options;
    const stored = await this.find(id);
    const owner = stored === undefined ? undefined : await users.find(stored.session.username);
    if (stored === undefined || owner === undefined || !mayGoOn(stored.session, owner.user)) return INVALID;
    const { session, versionstamp } = stored;
    const { user } = owner;
    const now = clock.now();
    switch (refreshTurn(session, generation, { now, reuseInterval })) {
      case "unknown":
        return INVALID;
      case "reused":
        return { done: { kind: "reused", session } };
      case "again":
        return { done: { kind: "current", session, user } };
    }
    const expires = Math.min(now + idle, session.ends);
    const next = { ...session, generation: generation + 1, rotated: now, expires };
    const operation = kv.atomic()
      .check({ key: sessionKey(id), versionstamp })
      .check({ key: userKey(user.username), versionstamp: owner.versionstamp })
      .set(sessionKey(id), next, { expireIn: expires - now });
    return { operation, result: { kind: "current", session: next, user } };
  }

  async #opened(session: Session, user: User): Promise<OpenSession> {
    const { id, generation } = session;
    const refreshToken = await this.#options.refreshTokens.make({ session: id, generation });
    return { session, user, refreshToken };
  }
}

type Advance =
  | { readonly kind: "current"; readonly session: Session; readonly user: User }
  | { readonly kind: "reused"; readonly session: Session }
  | { readonly kind: "invalid" };

const INVALID = { done: { kind: "invalid" } } as const;

/** Whether a session may be refreshed for its owner. */
function mayGoOn(session: Session, user: User): boolean {
  return session.epoch === user.epoch && !user.disabled;
}
