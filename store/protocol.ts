import { Refusal } from "./refusal.ts";

/** Versions of KV Connect, newest first. */
export const VERSIONS = [3, 2, 1] as const;

/** A version of KV Connect. */
export type ProtocolVersion = typeof VERSIONS[number];

/** What the metadata exchange tells a client. */
export interface DatabaseMetadata {
  version: ProtocolVersion;
  databaseId: string;
  endpoints: { url: string; consistency: "strong" }[];
  token: string;
  expiresAt: string;
}

/** An operation of the data path, as its path names it. */
export type Operation = "snapshot_read" | "atomic_write" | "watch";

/** Where a request goes. */
export type Route =
  | { readonly type: "metadata" }
  | { readonly type: "data"; readonly operation: Operation; readonly version: ProtocolVersion };

/** How long a client may keep what the metadata exchange told, in milliseconds. Deno's client asks again each minute. */
const METADATA_LIFE = 24 * 60 * 60 * 1_000;

const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/", { type: "metadata" }],
  ...VERSIONS.flatMap((version): [string, Route][] => [
    [`/v${version}/snapshot_read`, { type: "data", operation: "snapshot_read", version }],
    [`/v${version}/atomic_write`, { type: "data", operation: "atomic_write", version }],
  ]),
  ["/v3/watch", { type: "data", operation: "watch", version: 3 }],
]);

const PATH = /^[^:]+:\/\/[^/?#]*(\/[^?#]*)?/;

/** @throws {Refusal} 404 or 405 when the store has no such resource */
export function routeOf(request: Request): Route {
  const route = ROUTES.get(PATH.exec(request.url)?.[1] ?? "/");
  if (route === undefined) throw new Refusal(404, "Resource not found.");
  if (request.method !== "POST") {
    throw new Refusal(405, "Only POST is allowed here.", { headers: { allow: "POST" } });
  }
  return route;
}

/**
 * Chooses the newest version that both sides know. A client that sends no body knows version 1.
 *
 * @throws {Refusal} 400 when the body is not what the specification asks for, or there is no such version
 */
export function negotiate(body: string): ProtocolVersion {
  const supported = body === "" ? [1] : supportedVersions(body);
  const version = VERSIONS.find((version) => supported.includes(version));
  if (version === undefined) {
    throw Refusal.final("The server could not negotiate a protocol version. It has the versions 1, 2 and 3.");
  }
  return version;
}

function supportedVersions(body: string): readonly unknown[] {
  const request = parseJson(body);
  if (typeof request === "object" && request !== null && "supportedVersions" in request) {
    const { supportedVersions } = request;
    if (Array.isArray(supportedVersions)) return supportedVersions;
  }
  throw Refusal.final("The metadata exchange needs a JSON object with an array supportedVersions.");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The answer of the metadata exchange. The database's UUID is called `databaseId` in every version: so it stands in the
 * schemas and both clients, though an example of the specification's text calls it `uuid`.
 *
 * @param origin where the client reached the store, which version 1 needs in its endpoint
 */
export function databaseMetadata(
  version: ProtocolVersion,
  options: { databaseId: string; token: string; origin: string; now: number },
): DatabaseMetadata {
  const { databaseId, token, origin, now } = options;
  const path = `/v${version}`;
  return {
    version,
    databaseId,
    endpoints: [{ url: version === 1 ? origin + path : path, consistency: "strong" }],
    token,
    expiresAt: new Date(now + METADATA_LIFE).toISOString(),
  };
}

/**
 * Looks at the fields that every request of the data path carries.
 *
 * @throws {Refusal} 400 when the client speaks another version than its path says, or means another database
 */
export function assertAddressed(headers: Headers, version: ProtocolVersion, databaseId: string): void {
  if (version > 1 && headers.get("x-denokv-version") !== String(version)) {
    throw Refusal.final(`Expected protocol version ${version} in x-denokv-version.`);
  }
  const field = version === 1 ? "x-transaction-domain-id" : "x-denokv-database-id";
  if (headers.get(field)?.toLowerCase() !== databaseId) throw Refusal.final("Invalid database id.");
}
