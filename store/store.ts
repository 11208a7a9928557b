import { type Clock, createRole, type RequestContext, type Role, systemClock } from "@flotilla/runtime";
import { WireError } from "@flotilla/runtime/kv_connect";
import { Registry } from "prom-client";
import { accessCheck } from "./access.ts";
import { readBody } from "./body.ts";
import type { Synchronous } from "./database_file.ts";
import { Engine } from "./engine.ts";
import { assertAddressed, databaseMetadata, negotiate, type Operation, routeOf } from "./protocol.ts";
import { Refusal } from "./refusal.ts";

/** What {@linkcode createStore} makes a store from. */
export interface StoreOptions {
  /** What a client must show: what it has in `DENO_KV_ACCESS_TOKEN`. Printable ASCII without spaces. */
  accessToken: string;
  /** A file, made when it is not there (its folder must be), or `:memory:`. @default ":memory:" */
  path?: string;
  /** How far a commit goes before it is acknowledged. @default "full" */
  synchronous?: Synchronous;
  /**
   * Makes the store a cache: keys, values and 64 bytes for each entry may add up to this many bytes; what was not used
   * for longest leaves first, about. @default none: the store grows
   */
  maxBytes?: number;
  /** Bytes that the file may grow to; then a write that needs more is answered 507. @default none */
  quota?: number;
  /** Milliseconds between two looks for entries that have expired, to delete them. @default 1_000 */
  sweepInterval?: number;
  /** Milliseconds between two frames of a watch at most. @default 5_000 */
  keepAlive?: number;
  /** The instance's name, in `x-served-by`. @default "store" */
  instance?: string;
  /** @default {@linkcode systemClock} */
  clock?: Clock;
  /** Where measures are registered. @default a new one */
  registry?: Registry;
}

/** A KV Connect server, and its database. */
export interface Store extends Role, AsyncDisposable {
  /** Commits what has arrived, ends the watches and closes the file. A second call changes nothing. */
  close(): Promise<void>;
}

const PROTOBUF = { "content-type": "application/x-protobuf" } as const;
const STREAM = { "content-type": "application/octet-stream", "cache-control": "no-store" } as const;

/**
 * Opens a database and answers as a KV Connect server, versions 1 to 3, so that `Deno.openKv(url)` and `@deno/kv` work
 * with it unchanged. The protocol is `proto/kv-connect.md` in denoland/denokv.
 *
 * A write is acknowledged when its commit is as durable as `synchronous` says; those that arrive together share a
 * commit. A read sees every write that was acknowledged, and never an entry that has expired.
 *
 * @throws {DatabaseOpenError} when the database cannot be opened
 * @throws {RangeError} when an option is out of range
 * @throws {TypeError} when the access token cannot stand in a field of HTTP
 *
 * @example
 * ```ts
 * import { createStore } from "@flotilla/store";
 * import { assertEquals } from "@std/assert";
 *
 * await using store = createStore({ accessToken: "a-token-of-some-length" });
 * const response = await store.fetch(
 *   new Request("http://localhost/", {
 *     method: "POST",
 *     headers: { authorization: "Bearer a-token-of-some-length" },
 *     body: JSON.stringify({ supportedVersions: [1, 2, 3] }),
 *   }),
 * );
 * assertEquals((await response.json()).version, 3);
 * ```
 */
export function createStore(options: StoreOptions): Store {
  const { accessToken, instance = "store", clock = systemClock, registry = new Registry() } = options;
  const { path = ":memory:", sweepInterval = 1_000, keepAlive = 5_000 } = options;
  assertPositive({ sweepInterval, keepAlive });
  const assertAccess = accessCheck(accessToken);
  const engine = new Engine({ ...options, path, sweepInterval, keepAlive, clock, registry });
  const endWatches = () => engine.endWatches();

  const operations: Readonly<
    Record<Operation, (body: Uint8Array, context: RequestContext) => Promise<Response>>
  > = {
    snapshot_read: async (body) => new Response(await engine.read(body), { headers: PROTOBUF }),
    atomic_write: async (body) => new Response(await engine.write(body), { headers: PROTOBUF }),
    watch(body, { draining }) {
      if (draining.aborted) throw Refusal.forNow("The store is about to stop.");
      draining.addEventListener("abort", endWatches);
      return Promise.resolve(new Response(engine.watch(body), { headers: STREAM }));
    },
  };

  async function metadata(request: Request): Promise<Response> {
    const version = negotiate(new TextDecoder().decode(await readBody(request)));
    const { origin } = new URL(request.url);
    const { databaseId } = engine;
    return Response.json(
      databaseMetadata(version, { databaseId, token: accessToken, origin, now: clock.now() }),
    );
  }

  async function answer(request: Request, context: RequestContext): Promise<Response> {
    const route = routeOf(request);
    context.route = route.type === "data" ? route.operation : route.type;
    assertAccess(request);
    if (route.type === "metadata") return await metadata(request);
    assertAddressed(request.headers, route.version, engine.databaseId);
    return await operations[route.operation](await readBody(request), context);
  }

  const role = createRole({
    role: "store",
    instance,
    registry,
    // deno-lint-ignore require-await -- what it throws is to be a rejection
    checks: { database: async () => engine.assertReady() },
    handle: (request, context) => answer(request, context).catch(refusalResponse),
  });
  const close = () => engine[Symbol.asyncDispose]();
  return Object.assign(role, { close, [Symbol.asyncDispose]: close });
}

/** What the data path's answer to a failure is: text, as KV Connect asks. Anything unforeseen is left to the role. */
function refusalResponse(error: unknown): Response {
  if (error instanceof Refusal) return error.toResponse();
  if (error instanceof WireError) {
    return Refusal.final(`Request protobuf is invalid: ${error.message}.`).toResponse();
  }
  throw error;
}

function assertPositive(durations: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(durations)) {
    if (!(value > 0)) throw new RangeError(`Cannot make the store: ${name} must be positive, got ${value}`);
  }
}
