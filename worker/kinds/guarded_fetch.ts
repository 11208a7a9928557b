import { lookup } from "node:dns/promises";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import { AddressRefusedError, isPublicAddress } from "./public_address.ts";

/** An IP address of a host. */
export interface HostAddress {
  readonly address: string;
  /** 4 or 6. */
  readonly family: number;
}

/** What is sent. */
export interface GuardedRequest {
  method: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  signal: AbortSignal;
}

/** The part of an answer that tasks look at. */
export interface GuardedAnswer {
  readonly status: number;
  /** The beginning of the content. */
  readonly text: string;
}

/** Sends a request to an address that a user gave. */
export type GuardedFetch = (url: URL, request: GuardedRequest) => Promise<GuardedAnswer>;

/** How {@linkcode guardedFetch} decides. */
export interface GuardedFetchOptions {
  /** Whether addresses of private networks may be called. @default false */
  allowPrivate?: boolean;
  /** Finds the addresses of a host. @default the system's resolver */
  resolve?: (host: string) => Promise<readonly HostAddress[]>;
}

/** Bytes of an answer that are read; the rest is not waited for. */
const ANSWER_LIMIT = 16_384;

/**
 * Makes a fetch that calls public addresses only, so that nobody can have a worker call what only the worker can reach.
 *
 * A host is looked up once, every address it has must be public, and the connection goes to the very address that was
 * judged: a name that answers otherwise the second time (DNS rebinding) gains nothing. Redirects are not followed.
 *
 * The fetch throws {@linkcode AddressRefusedError} for an address that may not be called.
 */
export function guardedFetch(options: GuardedFetchOptions = {}): GuardedFetch {
  const { allowPrivate = false, resolve = (host) => lookup(host, { all: true }) } = options;
  return async (url, request) => {
    if (url.username !== "" || url.password !== "") {
      throw new AddressRefusedError("The URL may not name a user");
    }
    const host = url.hostname.replaceAll(/[[\]]/g, "");
    const found = isIP(host) === 0 ? await resolve(host) : [{ address: host, family: isIP(host) }];
    const refused = found.find(({ address }) => !allowPrivate && !isPublicAddress(address));
    if (refused !== undefined) throw new AddressRefusedError(`${host} is no address of the public internet`);
    const [address] = found;
    if (address === undefined) throw new Error(`${host} has no address`);
    return await sendTo(address, url, request);
  };
}

function sendTo(to: HostAddress, url: URL, request: GuardedRequest): Promise<GuardedAnswer> {
  const { method, headers, body, signal } = request;
  const start = url.protocol === "https:" ? requestHttps : requestHttp;
  const { promise, resolve, reject } = Promise.withResolvers<GuardedAnswer>();
  const call = start(url, {
    method,
    headers: { ...headers, "content-length": new TextEncoder().encode(body).length },
    signal,
    agent: false,
    lookup: (_host, lookupOptions, callback) => {
      if (lookupOptions.all === true) callback(null, [{ ...to }]);
      else callback(null, to.address, to.family);
    },
  }, (answer) => readAnswer(answer).then(resolve, reject).finally(() => call.destroy()));
  call.on("error", reject);
  call.end(body);
  return promise;
}

async function readAnswer(answer: IncomingMessage): Promise<GuardedAnswer> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of answer) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.length;
    text += decoder.decode(chunk, { stream: true });
    if (size >= ANSWER_LIMIT) break;
  }
  return { status: answer.statusCode ?? 0, text };
}
