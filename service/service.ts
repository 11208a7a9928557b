import { type AssertionVerifier, createAssertionVerifier } from "@flotilla/auth/verify";
import type { Door } from "@flotilla/balancer/host";
import {
  type Clock,
  createRole,
  ProblemError,
  recentSuccess,
  type RequestContext,
  type Role,
  systemClock,
  withDeadline,
} from "@flotilla/runtime";
import { Hono } from "hono";
import { Registry } from "prom-client";
import { ChangeFeed } from "./change_feed.ts";
import { ChangeTail } from "./change_tail.ts";
import type { DataEnvironment } from "./data_environment.ts";
import { addDataRoutes } from "./data_routes.ts";
import { RecordDatabase } from "./record_database.ts";
import { OctetReads } from "./octet_reads.ts";
import { PageReader, preparePage } from "./page_reader.ts";
import { plainId, readPlainly } from "./read_record.ts";
import { prepareRecord, RecordReader } from "./record_reader.ts";
import { RecordWriter } from "./record_writer.ts";
import { seedDatabase } from "./seed.ts";
import { createServiceMetrics, type ServiceMetrics } from "./service_metrics.ts";
import { SharedCache, type SharedCacheOptions } from "./shared_cache.ts";
import { TieredCache } from "./tiered_cache.ts";

/** What {@linkcode createService} makes a service from. */
export interface ServiceOptions {
  /** Where records are kept. */
  database: Deno.Kv;
  /**
   * The cache that all services share; while it is not open yet, reads go on without it.
   *
   * @default none: reads go to the near cache and the database
   */
  cache?: Deno.Kv | Promise<Deno.Kv> | undefined;
  /** The key that all roles share, or what checks assertions with it. */
  internalKey: string | AssertionVerifier;
  /** This instance's name. @default "service" */
  instance?: string;
  /** About the most bytes of records cached in this process; pages get a quarter of it besides. @default 67_108_864 */
  nearBytes?: number;
  /** How the shared cache is asked. */
  sharedCache?: Omit<SharedCacheOptions, "clock">;
  /** Milliseconds that the database has for an answer. @default 2_000 */
  databaseTimeout?: number;
  /** How many changes the database's log keeps, for those who come back to events. @default 100_000 */
  keptChanges?: number;
  /** @default `systemClock` */
  clock?: Clock;
  /** @default a new one */
  registry?: Registry;
}

/** The role that keeps records. */
export interface Service extends Role {
  /** Replies with octets to what needs no more, for a process that serves them: `host` of `@flotilla/balancer/host`. */
  readonly open: Door["open"];
}

/** Records in the database, cached: the role behind `/data`. */
export function createService(options: ServiceOptions): Service {
  const { instance = "service", registry = new Registry(), clock = systemClock } = options;
  const environment = createEnvironment(options, registry);
  const app = createApp();
  addDataRoutes(app, environment);
  const role = createRole({
    role: "service",
    instance,
    registry,
    handle(request, context) {
      const id = plainId(request);
      if (id !== undefined) return readPlainly(environment, { request, context, id });
      return app.fetch(request, { context });
    },
    checks: { database: recentSuccess(async () => void await environment.database.latest(), { clock }) },
  });
  return Object.assign(role, { open: new OctetReads({ environment, role, instance }).open });
}

function createEnvironment(options: ServiceOptions, registry: Registry): DataEnvironment {
  const { internalKey, databaseTimeout = 2_000, keptChanges = 100_000, clock = systemClock } = options;
  const now = () => clock.now();
  const kv = withDeadline(options.database, { timeout: databaseTimeout, clock });
  const database = new RecordDatabase(kv, () => seedDatabase(kv, now()));
  const tail = new ChangeTail(database, { clock });
  const shared = new SharedCache(options.cache, { ...options.sharedCache, clock });
  const metrics = createServiceMetrics(registry, () => shared.available);
  const writer = new RecordWriter(database, tail, { clock, keptChanges, onCommit: metrics.commit });
  const verifier = typeof internalKey === "string"
    ? createAssertionVerifier({ key: internalKey, clock })
    : internalKey;
  const readers = createReaders({ ...options, database, tail, shared, metrics, clock });
  return {
    verifier,
    database,
    tail,
    feed: new ChangeFeed({ database, tail, clock }),
    writer,
    now,
    ...readers,
  };
}

function createReaders(
  { database, tail, shared, metrics, clock, nearBytes = 67_108_864 }: {
    database: RecordDatabase;
    tail: ChangeTail;
    shared: SharedCache;
    metrics: ServiceMetrics;
    clock: Clock;
    nearBytes?: number;
  },
): { records: RecordReader; pages: PageReader } {
  const now = () => clock.now();
  const cacheOf = (kind: string) => ({ kind, shared, tail, clock, observer: metrics.cache(kind) });
  return {
    records: new RecordReader({
      database,
      tail,
      cache: new TieredCache({ ...cacheOf("record"), nearBytes, prepare: prepareRecord }),
      now,
      onDatabaseRead: () => metrics.databaseRead("record"),
    }),
    pages: new PageReader({
      database,
      tail,
      cache: new TieredCache({ ...cacheOf("page"), nearBytes: nearBytes / 4, prepare: preparePage }),
      now,
      onDatabaseRead: () => metrics.databaseRead("page"),
    }),
  };
}

function createApp(): Hono<{ Bindings: { context: RequestContext } }> {
  const app = new Hono<{ Bindings: { context: RequestContext } }>();
  app.onError((error) => {
    throw error;
  });
  app.notFound(({ req }) => {
    throw new ProblemError(404, `Nothing is at ${req.path}`);
  });
  return app;
}
