import { type Clock, ProblemError, systemClock } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { KEYS_PATH } from "./access_token.ts";
import { readKeySet, type TrustedKeys } from "./trusted_keys.ts";

/** How {@linkcode createRemoteKeys} fetches. */
export interface RemoteKeysOptions {
  /** Calls the auth service, with whatever proof it asks of its callers. */
  fetch: (request: Request) => Promise<Response>;
  /** Where the auth service is: `http://127.0.0.1:5013`. */
  origin: string;
  /** Seconds after which the keys are fetched again when the answer does not say. @default 600 */
  maxAge?: number;
  /** Fewest seconds between two fetches, whatever tokens ask for. @default 10 */
  minInterval?: number;
  /** Milliseconds that a fetch may take. @default 3_000 */
  timeout?: number;
  /** @default `systemClock` */
  clock?: Clock;
}

/** The auth service's published keys, kept at hand. */
export interface RemoteKeys extends TrustedKeys {
  /**
   * Resolves when there are keys: a readiness check.
   *
   * @throws {ProblemError} 503 when there are none and they cannot be fetched
   */
  ready(): Promise<void>;
}

/** As long as there are no keys at all nothing can be answered, so it is tried more often; milliseconds. */
const FIRST_INTERVAL = 250;
const LONGEST_AGE = 3_600;
const LONGEST_SET = 65_536;

/**
 * The published keys of the auth service: fetched once, again in the background when their time is over, and at once for
 * a key that is not known, but not more often than every `minInterval` seconds. While the auth service is away, what was
 * fetched last is used on.
 *
 * @throws {RangeError} when a time is not more than 0
 */
export function createRemoteKeys(options: RemoteKeysOptions): RemoteKeys {
  const { fetch, origin, maxAge = 600, minInterval = 10, timeout = 3_000, clock = systemClock } = options;
  for (const [name, value] of Object.entries({ maxAge, minInterval, timeout })) {
    if (!(value > 0)) throw new RangeError(`Cannot fetch keys: ${name} must be more than 0, got ${value}`);
  }
  const logger = getLogger(["flotilla", "auth"]);
  const url = new URL(KEYS_PATH, origin);
  let keys: ReadonlyMap<string, CryptoKey> | undefined;
  let staleFrom = -Infinity;
  let lastTry = -Infinity;
  let fetching: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    const controller = new AbortController();
    using _timer = clock.setTimeout(() => controller.abort(), timeout);
    const request = new Request(url, {
      headers: { accept: "application/jwk-set+json" },
      signal: controller.signal,
    });
    const response = await aborted(fetch(request), controller.signal);
    const found = await readKeySet(await readJson(response));
    if (found.size === 0) throw new TypeError("Cannot use the published keys: there is none of a known kind");
    keys = found;
    staleFrom = clock.now() + 1_000 * (ageOf(response.headers) ?? maxAge);
  }

  /** One fetch at a time, and none too soon after the one before; failures are told in the log. */
  function refresh(): Promise<void> {
    if (fetching !== undefined) return fetching;
    const interval = keys === undefined ? Math.min(minInterval * 1_000, FIRST_INTERVAL) : minInterval * 1_000;
    if (clock.now() - lastTry < interval) return Promise.resolve();
    lastTry = clock.now();
    fetching = fetchKeys()
      .catch((error) =>
        logger.warn("The keys of the auth service cannot be fetched: {reason}", () => ({
          reason: error instanceof Error ? error.message : String(error),
        }))
      )
      .finally(() => fetching = undefined);
    return fetching;
  }

  function get(kid: string): CryptoKey | undefined {
    if (clock.now() >= staleFrom && keys !== undefined) void refresh();
    return keys?.get(kid);
  }

  return {
    get,
    async find(kid) {
      const known = get(kid);
      if (known !== undefined) return known;
      await refresh();
      if (keys === undefined) throw noKeys();
      return keys.get(kid);
    },
    async ready() {
      if (keys === undefined) await refresh();
      if (keys === undefined) throw noKeys();
    },
  };
}

function noKeys(): ProblemError {
  return new ProblemError(503, "Tokens cannot be checked: the auth service has not given its keys yet", {
    headers: { "retry-after": "1" },
  });
}

/** Ends the wait when the signal does, also for a fetcher that does not heed it. */
function aborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

async function readJson(response: Response): Promise<unknown> {
  if (!response.ok) {
    await response.body?.cancel();
    throw new TypeError(`Cannot use the published keys: the answer is ${response.status}`);
  }
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.length > LONGEST_SET) {
      throw new RangeError("Cannot use the published keys: the answer is too long");
    }
  }
  return JSON.parse(text);
}

/** Seconds that an answer may be kept (RFC 9111, section 5.2.2.1). */
function ageOf(headers: Headers): number | undefined {
  const seconds = /(?:^|[\s,])max-age=(\d+)/i.exec(headers.get("cache-control") ?? "")?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), LONGEST_AGE);
}
