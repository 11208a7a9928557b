import { z } from "zod";

const loginSchema = z.object({ token: z.string(), refresh_token: z.string() });

const JSON_TYPE = { "content-type": "application/json" };

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as JSON, or `undefined` when it is none. */
  readonly body: unknown;
  readonly text: string;
}

/** What a request has beside method and path. */
export interface RequestOptions {
  /** Sent as JSON. @default none */
  json?: unknown;
  /** @default none beyond what the body needs */
  headers?: Readonly<Record<string, string>>;
}

/** A client of the public API, as a user would write one. */
export interface Client {
  /** Sends a request to the edge with the token, and reads the whole answer. */
  send(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  readonly token: string;
}

/** Signs in. */
export async function signIn(
  origin: string,
  credentials: { username: string; password: string } = { username: "admin", password: "password" },
): Promise<Client> {
  const { status, body, text } = await send(origin, "POST", "/auth/login", { json: credentials });
  if (status !== 200) throw new Error(`Cannot sign in: ${status} ${text}`);
  const { token } = loginSchema.parse(body);
  return {
    token,
    send: (method, path, options = {}) =>
      send(origin, method, path, {
        ...options,
        headers: { authorization: `Bearer ${token}`, ...options.headers },
      }),
  };
}

/** Sends a request without a token. */
export async function send(
  origin: string,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer> {
  const { json, headers = {} } = options;
  const response = await fetch(`${origin}${path}`, {
    method,
    redirect: "manual",
    headers: { ...(json === undefined ? {} : JSON_TYPE), ...headers },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
