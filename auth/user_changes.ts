import { type Clock, ProblemError, systemClock } from "@flotilla/runtime";
import { z } from "zod";
import { atomicChange } from "./atomic_change.ts";
import { formerUserKey, sessionKey, userKey } from "./keyspace.ts";
import type { Role } from "./principal.ts";
import type { RevocationFeed } from "./revocation_feed.ts";
import type { Sessions } from "./sessions.ts";
import type { StoredUser, User } from "./user.ts";
import type { Users } from "./users.ts";

/** A user to be. */
export interface NewUser {
  readonly username: string;
  readonly role: Role;
  /** PHC string. */
  readonly passwordHash: string;
}

/** What an admin can change of a user. */
export interface UserChange {
  readonly role?: Role;
  readonly disabled?: boolean;
  /** PHC string. */
  readonly passwordHash?: string;
}

/** Changes accounts in the database. Whatever takes something from a user ends its sessions at the same time. */
export interface UserChanges {
  /**
   * @throws {ProblemError} 409 when the name is taken, 403 when `actor` is no admin any longer
   */
  create(user: NewUser, actor: string): Promise<User>;
  /**
   * @throws {ProblemError} 404 when there is no such user, 403 when `actor` is no admin any longer
   */
  update(username: string, change: UserChange, actor: string): Promise<User>;
  /**
   * @throws {ProblemError} 404 when there is no such user, 403 when `actor` is no admin any longer
   */
  remove(username: string, actor: string): Promise<void>;
  /**
   * Gives a user another password and ends all its sessions but this one; `undefined` when that session is over, or the
   * password is another one since `user` was read.
   */
  changePassword(user: User, change: { passwordHash: string; session: string }): Promise<User | undefined>;
}

/** How {@linkcode createUserChanges} works. */
export interface UserChangesOptions {
  kv: Deno.Kv;
  users: Users;
  sessions: Sessions;
  revocations: RevocationFeed;
  /** Milliseconds that a token lives at most. */
  tokenLifetime: number;
  /** @default `systemClock` */
  clock?: Clock;
}

/**
 * Changes accounts. An admin's right is part of each write's checks: two admins who take the role from each other at the
 * same moment cannot both succeed, and since nobody changes its own account here, one admin is always left.
 */
export function createUserChanges(options: UserChangesOptions): UserChanges {
  const { clock = systemClock } = options;
  return new DatabaseUserChanges({ ...options, clock });
}

const formerSchema = z.object({ epoch: z.number() });

class DatabaseUserChanges implements UserChanges {
  readonly #options: Required<UserChangesOptions>;

  constructor(options: Required<UserChangesOptions>) {
    this.#options = options;
  }

  async create({ username, role, passwordHash }: NewUser, actor: string): Promise<User> {
    const { kv, users } = this.#options;
    return await atomicChange<User>(async () => {
      const admin = await this.#admin(actor);
      const existing = await users.find(username);
      // The hash is salted: the same one means that our own write was sent twice.
      if (existing?.user.passwordHash === passwordHash) return { done: existing.user };
      if (existing !== undefined) throw new ProblemError(409, `The username ${username} is taken`);
      const user = await this.#make({ username, role, passwordHash });
      const operation = kv.atomic()
        .check({ key: userKey(actor), versionstamp: admin.versionstamp })
        .check({ key: userKey(username), versionstamp: null })
        .set(userKey(username), user);
      return { operation, result: user };
    });
  }

  async update(username: string, change: UserChange, actor: string): Promise<User> {
    const { kv, revocations } = this.#options;
    return await revocations.change<User>(async () => {
      const admin = await this.#admin(actor);
      const { user, versionstamp } = await this.#existing(username);
      const changed = this.#changed(user, change);
      if (changed === undefined) return { done: user };
      const operation = kv.atomic()
        .check({ key: userKey(actor), versionstamp: admin.versionstamp })
        .check({ key: userKey(username), versionstamp })
        .set(userKey(username), changed);
      return { operation, result: changed, revokes: { kind: "user", username, before: changed.epoch } };
    });
  }

  async remove(username: string, actor: string): Promise<void> {
    const { kv, users, revocations, tokenLifetime } = this.#options;
    let seen = false;
    await revocations.change<void>(async () => {
      const admin = await this.#admin(actor);
      const stored = await users.find(username);
      if (stored === undefined && seen) return { done: undefined };
      if (stored === undefined) throw noUser(username);
      seen = true;
      const epoch = this.#nextEpoch(stored.user);
      const operation = kv.atomic()
        .check({ key: userKey(actor), versionstamp: admin.versionstamp })
        .check({ key: userKey(username), versionstamp: stored.versionstamp })
        .delete(userKey(username))
        .set(formerUserKey(username), { epoch }, { expireIn: tokenLifetime });
      return { operation, result: undefined, revokes: { kind: "user", username, before: epoch } };
    });
  }

  async changePassword(
    user: User,
    change: { passwordHash: string; session: string },
  ): Promise<User | undefined> {
    const { kv, users, sessions, revocations, clock } = this.#options;
    const { username } = user;
    return await revocations.change<User | undefined>(async () => {
      const [owner, kept] = await Promise.all([users.find(username), sessions.find(change.session)]);
      if (owner?.user.passwordHash === change.passwordHash) return { done: owner.user };
      if (owner?.user.passwordHash !== user.passwordHash || kept?.session.epoch !== owner.user.epoch) {
        return { done: undefined };
      }
      const epoch = this.#nextEpoch(owner.user);
      const { passwordHash, session: id } = change;
      const changed = { ...owner.user, passwordHash, epoch, development: false, updated: clock.now() };
      const session = { ...kept.session, epoch };
      const operation = kv.atomic()
        .check({ key: userKey(username), versionstamp: owner.versionstamp })
        .check({ key: sessionKey(id), versionstamp: kept.versionstamp })
        .set(userKey(username), changed)
        .set(sessionKey(id), session, { expireIn: session.expires - clock.now() });
      return { operation, result: changed, revokes: { kind: "user", username, before: epoch, except: id } };
    });
  }

  async #make({ username, role, passwordHash }: NewUser): Promise<User> {
    const now = this.#options.clock.now();
    const former = formerSchema.safeParse((await this.#options.kv.get(formerUserKey(username))).value);
    // Tokens of an earlier account of this name must not come to life again.
    const epoch = former.success ? Math.max(now, former.data.epoch) : now;
    const times = { created: now, updated: now };
    return { username, role, passwordHash, epoch, disabled: false, development: false, ...times };
  }

  /** The user after a change, in a new epoch; `undefined` when it is so already. */
  #changed(
    user: User,
    { role = user.role, disabled = user.disabled, passwordHash }: UserChange,
  ): User | undefined {
    const samePassword = passwordHash === undefined || passwordHash === user.passwordHash;
    if (role === user.role && disabled === user.disabled && samePassword) return undefined;
    const development = user.development && samePassword;
    const [epoch, updated] = [this.#nextEpoch(user), this.#options.clock.now()];
    return {
      ...user,
      role,
      disabled,
      passwordHash: passwordHash ?? user.passwordHash,
      development,
      epoch,
      updated,
    };
  }

  #nextEpoch(user: User): number {
    return Math.max(this.#options.clock.now(), user.epoch + 1);
  }

  async #existing(username: string): Promise<StoredUser> {
    const stored = await this.#options.users.find(username);
    if (stored === undefined) throw noUser(username);
    return stored;
  }

  /** Whoever asks for a change must be an admin at the moment of it, not only when its token was made. */
  async #admin(actor: string): Promise<StoredUser> {
    const stored = await this.#options.users.find(actor);
    if (stored !== undefined && stored.user.role === "admin" && !stored.user.disabled) return stored;
    throw new ProblemError(403, `${actor} is no admin`, {
      headers: { "www-authenticate": 'Bearer error="insufficient_scope", scope="users:manage"' },
    });
  }
}

function noUser(username: string): ProblemError {
  return new ProblemError(404, `No user has the name ${username}`);
}
