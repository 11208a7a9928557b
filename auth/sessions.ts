import { type Clock, systemClock } from "@flotilla/runtime";
import { sessionKey, userKey } from "./keyspace.ts";
import type { RefreshTokens } from "./refresh_token.ts";
import type { Session } from "./session.ts";
import { makeSessionId } from "./session_id.ts";
import type { StoredUser } from "./user.ts";

/** A session with the refresh token that is in force. */
export interface OpenSession {
  readonly session: Session;
  readonly refreshToken: string;
}

/** The sessions in the database. */
export interface Sessions {
  /** Begins a session; `undefined` when the user has changed since it was read. */
  open(stored: StoredUser): Promise<OpenSession | undefined>;
}

/** How long sessions last. */
export interface SessionOptions {
  kv: Deno.Kv;
  refreshTokens: RefreshTokens;
  /** Milliseconds that a session lasts after it was refreshed last. @default 30 days */
  idle?: number;
  /** Milliseconds that it lasts at most. @default 90 days */
  absolute?: number;
  /** @default `systemClock` */
  clock?: Clock;
}

const DAY = 86_400_000;

/** The sessions in a database. */
export function createSessions(options: SessionOptions): Sessions {
  const { kv, refreshTokens, idle = 30 * DAY, absolute = 90 * DAY, clock = systemClock } = options;
  return {
    async open({ user, versionstamp }) {
      const now = clock.now();
      const id = makeSessionId(user.epoch);
      const times = { created: now, rotated: now, expires: now + idle, ends: now + absolute };
      const session = { id, username: user.username, epoch: user.epoch, generation: 0, ...times };
      const { ok } = await kv.atomic()
        .check({ key: userKey(user.username), versionstamp })
        .check({ key: sessionKey(id), versionstamp: null })
        .set(sessionKey(id), session, { expireIn: idle })
        .commit();
      // The client may have sent the write twice: then the second was refused, and the first stands.
      if (!ok && (await kv.get(sessionKey(id))).versionstamp === null) return undefined;
      return { session, refreshToken: await refreshTokens.make({ session: id, generation: 0 }) };
    },
  };
}
