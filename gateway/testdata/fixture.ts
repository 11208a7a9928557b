import {
  type Caller,
  createAssertionSigner,
  createAssertionVerifier,
  type Principal,
  RIGHTS,
  type TokenVerifier,
} from "@flotilla/auth/verify";
import { ProblemError, type Role } from "@flotilla/runtime";
import type { Fetcher } from "../forward.ts";
import { createGateway, type GatewayOptions } from "../gateway.ts";

const KEY = "an internal key of 32 characters";

/** A call that reached an inner role. */
export interface SeenCall {
  readonly upstream: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly caller: Caller;
  readonly body: string;
}

export interface FixtureOptions {
  /** What the inner roles do. @default answers with what they were asked */
  inner?: Fetcher;
  /** Leaves the content of requests to `inner`, so that it is not in what was seen. @default false */
  unread?: boolean;
}

export interface Fixture {
  readonly gateway: Role;
  readonly seen: SeenCall[];
  /** Sends a request as this user (`admin` is an administrator, anyone else is not), or anonymously. */
  call(target: string, init?: RequestInit, user?: string): Promise<Response>;
}

/** The principal that the fixture's verifier makes of the token `token-<user>`. */
export function principalOf(user: string): Principal {
  const role = user === "admin" ? "admin" : "user";
  const rights = user === "guest" ? [] : RIGHTS[role];
  return { subject: user, role, rights, session: `s-${user}`, tokenId: `t-${user}`, expires: 4_000_000_000 };
}

const verifier: TokenVerifier = {
  peek: () => undefined,
  verify(token) {
    const user = /^token-(\w+)$/.exec(token)?.[1];
    if (user !== undefined) return Promise.resolve(principalOf(user));
    const headers = { "www-authenticate": 'Bearer error="invalid_token"' };
    return Promise.reject(new ProblemError(401, "The token does not hold", { headers }));
  },
};

/** A gateway in front of three inner roles that answer as `inner` says, by default with what they were asked. */
export function fixture(options: Partial<GatewayOptions> & FixtureOptions = {}): Fixture {
  const { inner, unread = false, ...rest } = options;
  const assertions = createAssertionVerifier({ key: KEY });
  const seen: SeenCall[] = [];

  function upstream(name: string): Fetcher {
    return async (request) => {
      const { pathname, search } = new URL(request.url);
      const caller = await assertions.verify(request);
      const body = unread ? "" : await request.clone().text();
      const { method, headers } = request;
      seen.push({ upstream: name, method, target: pathname + search, headers, caller, body });
      if (inner !== undefined) return await inner(request);
      const answer = { upstream: name, method, path: pathname };
      return Response.json(answer, { headers: { "x-served-by": `${name}_1` } });
    };
  }

  const gateway = createGateway({
    auth: upstream("auth"),
    service: upstream("service"),
    worker: upstream("worker"),
    verifier,
    assertions: createAssertionSigner({ key: KEY, issuer: "api_gateway_1" }),
    instance: "api_gateway_1",
    ...rest,
  });
  return {
    gateway,
    seen,
    call(target, init, user) {
      const headers = new Headers(init?.headers);
      if (user !== undefined) headers.set("authorization", `Bearer token-${user}`);
      return gateway.fetch(new Request(`http://gateway${target}`, { ...init, headers }));
    },
  };
}

/** A request with this value as JSON. */
export function json(method: string, value: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method, body: JSON.stringify(value), headers: { "content-type": "application/json", ...headers } };
}
