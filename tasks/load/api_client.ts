import { z } from "zod";
import type { LoadRequest } from "./request_maker.ts";

/** The system could not be used: not reached, or it refused what the experiment needs. */
export class LoadError extends Error {
  override readonly name = "LoadError";
}

/** What the answer to a request told; without an answer, why there was none. */
export type Answer =
  | {
    readonly kind: "answer";
    readonly status: number;
    /** The gateway that answered. */
    readonly gateway: string | undefined;
    /** The service, worker or auth service behind it. */
    readonly upstream: string | undefined;
    /** Whether it came from a cache; `undefined` when the answer does not say. */
    readonly cached: boolean | undefined;
    /** The task that was started, if one was. */
    readonly task: string | undefined;
  }
  | { readonly kind: "none"; readonly reason: string };

/** Sends requests to the public API as a signed-in user. */
export interface ApiClient {
  /** Where the system is. */
  readonly origin: string;
  /** Sends a request and reads its whole answer. Never rejects. */
  send(request: Pick<LoadRequest, "path" | "headers" | "body"> & { method: string }): Promise<Answer>;
  /** Reads one JSON answer. */
  read(path: string): Promise<unknown>;
}

/** The public API as it is, as a signed-in user. */
export interface ApiSession extends ApiClient {
  /** Sends a request, without a time-out, and leaves its answer to the caller. */
  request(path: string, init?: RequestInit): Promise<Response>;
}

/** How {@linkcode signIn} signs in. */
export interface SignInOptions {
  /** @default "admin" */
  username?: string;
  /** @default "password" */
  password?: string;
  /** Milliseconds that an answer may take. @default 30_000 */
  timeout?: number;
  /** @default the platform's `fetch` */
  fetch?: (request: Request) => Promise<Response>;
}

const tokensSchema = z.object({ token: z.string() });
const bodySchema = z.object({ cached: z.boolean().optional(), id: z.string().optional() });

/**
 * Signs in to the system.
 *
 * @throws {LoadError} when it does not answer, or not with a token
 */
export async function signIn(origin: string, options: SignInOptions = {}): Promise<ApiSession> {
  const { username = "admin", password = "password", timeout = 30_000 } = options;
  const { fetch: fetchIt = (request: Request) => fetch(request) } = options;
  const authorization = `Bearer ${await tokenOf(origin, { username, password, fetchIt })}`;

  const request = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization, ...init.headers };
    return await fetchIt(new Request(`${origin}${path}`, { ...init, headers }));
  };
  const exchange = async (path: string, init: RequestInit) => {
    const response = await request(path, { ...init, signal: AbortSignal.timeout(timeout) });
    return { response, text: await response.text() };
  };
  return {
    origin,
    async send({ method, path, headers, body = null }) {
      try {
        const { response, text } = await exchange(path, { method, headers: { ...headers }, body });
        return readAnswer(response, text);
      } catch (error) {
        return { kind: "none", reason: error instanceof Error ? error.name : "Error" };
      }
    },
    read: async (path) => JSON.parse((await exchange(path, {})).text),
    request,
  };
}

async function tokenOf(
  origin: string,
  options: { username: string; password: string; fetchIt: (request: Request) => Promise<Response> },
): Promise<string> {
  const { username, password, fetchIt } = options;
  const request = new Request(`${origin}/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  const response = await fetchIt(request).catch((cause) => {
    throw new LoadError(`Cannot reach ${origin}: is the system running (deno task up)?`, { cause });
  });
  const text = await response.text();
  if (response.status !== 200) {
    throw new LoadError(
      `Cannot sign in to ${origin} as ${username}: ${response.status} ${text.slice(0, 200)}`,
    );
  }
  return tokensSchema.parse(JSON.parse(text)).token;
}

function readAnswer(response: Response, text: string): Answer {
  const { status, headers } = response;
  const json = headers.get("content-type")?.startsWith("application/json") === true;
  const { data } = bodySchema.safeParse(json ? JSON.parse(text) : {});
  return {
    kind: "answer",
    status,
    gateway: headers.get("x-served-by") ?? undefined,
    upstream: headers.get("x-upstream-served-by") ?? undefined,
    cached: data?.cached,
    task: status === 202 ? data?.id : undefined,
  };
}
