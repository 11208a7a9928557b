import {
  createAssertionSigner,
  createRemoteKeys,
  createRevocationWatcher,
  createTokenVerifier,
} from "@flotilla/auth/verify";
import {
  ConnectionPool,
  type ConnectionSource,
  Deadlines,
  dial,
  listen,
  Listener,
  serveListener,
  TrunkDialer,
} from "@flotilla/balancer";
import {
  instanceName,
  internalKey,
  isTracing,
  openKv,
  readFlags,
  refuseToListen,
  refuseToStart,
  secret,
  SecretError,
  TraceGate,
  withDeadline,
} from "@flotilla/runtime";
import { type BackgroundKv, openInBackground } from "./background_kv.ts";
import { recordAudit } from "./dashboard/audit_log.ts";
import { createDashboard } from "./dashboard/dashboard.ts";
import { watchTopology } from "./dashboard/topology_watch.ts";
import { createGateway } from "./gateway.ts";
import { gatewayFlags, trustedProxies } from "./gateway_flags.ts";
import { createIdempotencyStore } from "./idempotency/idempotency_store.ts";
import { createInnerRole, ownCalls } from "./inner_role.ts";
import { withFallback } from "./limits/fallback_permit_store.ts";
import { createKvPermitStore } from "./limits/kv_permit_store.ts";
import type { Rate } from "./limits/limit_policy.ts";
import { createLocalPermitStore } from "./limits/local_permit_store.ts";
import type { PermitStore } from "./limits/permit_store.ts";
import { createRateLimiter, type RateLimiter } from "./limits/rate_limiter.ts";
import { productionProblems } from "./production_check.ts";

const flags = readFlags({ name: "deno task gateway", summary: "the public API" }, gatewayFlags);
const instance = instanceName("gateway", flags);
const problems = productionProblems(flags);
if (problems.length > 0) refuseToStart(problems.join("\n"));

const assertions = createAssertionSigner({ key: signingKey(), issuer: instance });
const deadlines = new Deadlines();
using trunks = new TrunkDialer({ dial, deadlines });
using pool = new ConnectionPool({ dial: flags.upstreamTrunks ? trunks.dial : dial, deadlines });
await using auth = createInnerRole(flags.auth, { instance, pool });
await using service = createInnerRole(flags.service, { instance, pool });
await using worker = createInnerRole(flags.worker, { instance, pool });
using limits = flags.limits === undefined ? undefined : openInBackground(flags.limits);
// Without a database, what is kept there is kept in memory, by this gateway alone.
using database = await openKv(flags.database ?? ":memory:");
const kv = withDeadline(database);
using revocations = createRevocationWatcher({ kv });
const keys = createRemoteKeys({ fetch: ownCalls(auth, assertions), origin: flags.auth });
const permits = permitStore(limits);
const verifier = createTokenVerifier({
  keys,
  isRevoked: (principal) => revocations.isRevoked(principal),
  revocationsKnown: () => revocations.ready(),
});
using system = watchTopology({ kv: database });
const adminToken = balancerToken();
using dashboard = createDashboard({
  auth: auth.fetch,
  worker: worker.fetch,
  verifier,
  assertions,
  internalKey: signingKey(),
  instance,
  topology: () => system.topology,
  audit: () => system.audit,
  record: (order) => recordAudit(kv, order),
  lookInterval: flags.lookInterval,
  ...(adminToken === undefined ? {} : { adminToken }),
});

const gateway = createGateway({
  auth: auth.fetch,
  service: service.fetch,
  worker: worker.fetch,
  verifier,
  assertions,
  instance,
  limiters: {
    caller: limiter("caller", flags.callerLimit, permits),
    address: limiter("address", flags.addressLimit, permits),
  },
  idempotency: createIdempotencyStore(kv),
  cors: { origins: flags.corsOrigin },
  trustedProxies: trustedProxies(flags.trustedProxy),
  checks: {
    keys: () => keys.ready(),
    revocations: () => revocations.ready(),
    auth: auth.reachable,
    service: service.reachable,
    worker: worker.reachable,
  },
  checkTimeout: 400,
  dashboard,
});
dashboard.start();
const listener = new Listener({
  source: service.source,
  pool,
  door: gateway.passage(service.source),
  trustedProxies: trustedProxies(flags.trustedProxy),
  ...(isTracing() ? { traces: new TraceGate(flags.traceRate) } : {}),
  acceptTrunks: flags.acceptTrunks,
});
await serveListener(listener, openPort(), {
  instance,
  served: gateway,
  registry: gateway.registry,
  flags,
});

function openPort(): ConnectionSource {
  const { host: hostname, port } = flags;
  try {
    return listen({ hostname, port });
  } catch (error) {
    refuseToListen(error, { hostname, port });
  }
}

function signingKey(): string {
  try {
    return internalKey();
  } catch (error) {
    if (error instanceof SecretError) refuseToStart(error.message);
    throw error;
  }
}

/** What the dashboard gives orders to balancers with; without it, it only looks. */
function balancerToken(): string | undefined {
  try {
    return secret("FLOTILLA_ADMIN_TOKEN", { developmentDefault: "flotilla-development-admin-token" });
  } catch (error) {
    if (error instanceof SecretError) return undefined;
    throw error;
  }
}

function permitStore(kv: BackgroundKv | undefined): PermitStore {
  const local = createLocalPermitStore();
  return kv === undefined ? local : withFallback(sharedPermits(kv), local);
}

/**
 * A request waits for a loan, so the database has less time here than elsewhere; but enough for a busy one, since gateways
 * that keep limits alone let pass more than they should.
 */
function sharedPermits(kv: BackgroundKv): PermitStore {
  let store: PermitStore | undefined;
  return {
    async borrow(request) {
      if (kv.current === undefined) throw new Error("The database of the limits is not open yet");
      store ??= createKvPermitStore(withDeadline(kv.current, { timeout: 1_000 }));
      return await store.borrow(request);
    },
  };
}

function limiter(name: string, rate: Rate | "off", store: PermitStore): RateLimiter | undefined {
  return rate === "off" ? undefined : createRateLimiter({ policy: { name, ...rate }, store });
}
