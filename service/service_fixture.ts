import {
  ASSERTION_HEADER,
  type Caller,
  createAssertionSigner,
  RIGHTS,
  type Role,
} from "@flotilla/auth/verify";
import { systemClock } from "@flotilla/runtime";
import { ManualClock } from "@flotilla/runtime/testing";
import { createService, type Service, type ServiceOptions } from "./service.ts";

const KEY = "an internal key of 32 characters";

/** A caller with an account. */
export function userNamed(subject: string, role: Role = "user"): Caller {
  const expires = 4_000_000_000;
  const principal = {
    subject,
    role,
    rights: RIGHTS[role],
    session: `s-${subject}`,
    tokenId: `t-${subject}`,
    expires,
  };
  return { kind: "user", principal };
}

/** Two services on one database and one cache, for tests: nothing of it needs a permission. */
export interface ServicePair extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly database: Deno.Kv;
  readonly cache: Deno.Kv;
  readonly one: Service;
  readonly two: Service;
  /** Sends a request to a service, by an admin unless `as` says otherwise. */
  call(service: Service, path: string, init?: CallInit): Promise<Response>;
  /** Sends a body that comes in parts. */
  stream(
    service: Service,
    path: string,
    init: { body: ReadableStream<Uint8Array<ArrayBuffer>>; headers: Record<string, string> },
  ): Promise<Response>;
}

/** What {@linkcode ServicePair.call} sends. */
export interface CallInit {
  /** @default "GET", or "POST" with a body */
  method?: string;
  /** Sent as JSON, a string as it is. */
  body?: unknown;
  headers?: Record<string, string>;
  /** @default an admin named "root" */
  as?: Caller;
  /** Ends the request. */
  signal?: AbortSignal;
}

/** How {@linkcode startPair} differs from the plain pair. */
export interface PairOptions extends Partial<Omit<ServiceOptions, "clock">> {
  /** What the services see of the database. @default the database */
  wrapDatabase?: (kv: Deno.Kv) => Deno.Kv;
  /** What the services see of the cache. @default the cache */
  wrapCache?: (kv: Deno.Kv) => Deno.Kv;
  /**
   * Lets timers ring by themselves, for what waits and is not to be waited for by hand. The time they are compared with
   * stands, and the cache has long to answer: nothing is too late on a slow machine.
   *
   * @default false
   */
  realTime?: boolean;
}

/** Starts a {@linkcode ServicePair}. */
export async function startPair(
  options: PairOptions = {},
): Promise<ServicePair> {
  const { wrapDatabase = (kv) => kv, wrapCache = (kv) => kv, realTime = false, ...rest } = options;
  const clock = new ManualClock();
  const standing = { ...systemClock, now: clock.now };
  const database = await Deno.openKv(":memory:");
  const cache = await Deno.openKv(":memory:");
  const seen = realTime ? standing : clock;
  const signer = createAssertionSigner({ key: KEY, issuer: "test", clock: seen });
  const start = (instance: string) =>
    createService({
      database: wrapDatabase(database),
      cache: wrapCache(cache),
      internalKey: KEY,
      instance,
      clock: seen,
      ...(realTime ? { sharedCache: { timeout: 10_000 }, databaseTimeout: 60_000 } : {}),
      ...rest,
    });
  const send = async (service: Service, path: string, init: RequestInit & { as?: Caller }) => {
    const { as = userNamed("root", "admin"), ...rest } = init;
    const headers = new Headers(init.headers);
    headers.set(ASSERTION_HEADER, await signer.sign(as));
    return await service.fetch(new Request(`http://service${path}`, { ...rest, headers }));
  };
  return {
    clock,
    database,
    cache,
    one: start("service_1"),
    two: start("service_2"),
    call(service, path, init = {}) {
      const { body, headers = {}, ...rest } = init;
      if (body === undefined) return send(service, path, { headers, ...rest });
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return send(service, path, {
        method: "POST",
        ...rest,
        body: text,
        headers: { "content-type": "application/json", ...headers },
      });
    },
    stream: (service, path, init) => send(service, path, { method: "POST", ...init }),
    // deno-lint-ignore require-await -- an AsyncDisposable, so that tests need not know what it closes
    async [Symbol.asyncDispose]() {
      database.close();
      cache.close();
    },
  };
}

/** Counts what is asked of a KV. */
export function countingKv(): {
  readonly counts: { get: number; getMany: number };
  wrap(kv: Deno.Kv): Deno.Kv;
} {
  const counts = { get: 0, getMany: 0 };
  return {
    counts,
    wrap: (kv) =>
      new Proxy(kv, {
        get(target, name) {
          if (name === "get" || name === "getMany") counts[name]++;
          const own: unknown = Reflect.get(target, name, target);
          return typeof own === "function" ? own.bind(target) : own;
        },
      }),
  };
}
