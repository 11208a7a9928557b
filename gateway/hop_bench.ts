// What the gateway costs `GET /data` beside a bare Hono proxy, over the same transport to the same upstream on
// another thread.
//   deno bench --allow-net --allow-read gateway/hop_bench.ts
import { createAssertionSigner, RIGHTS, type TokenVerifier } from "@flotilla/auth/verify";
import { Hono } from "hono";
import { createGateway } from "./gateway.ts";
import { createInnerRole } from "./inner_role.ts";
import { createLocalPermitStore } from "./limits/local_permit_store.ts";
import { createRateLimiter } from "./limits/rate_limiter.ts";

/** Requests at the same time. */
const CONCURRENCY = 64;

const worker = new Worker(new URL("./testdata/upstream_worker.ts", import.meta.url), { type: "module" });
const port = await new Promise<number>((resolve) => worker.onmessage = ({ data }) => resolve(data));
const upstream = createInnerRole(`http://127.0.0.1:${port}`, { instance: "api_gateway_1" });

const principal = {
  subject: "ann",
  role: "user",
  rights: RIGHTS.user,
  session: "s-1",
  tokenId: "t-1",
  expires: 4_000_000_000,
} as const;
const verifier: TokenVerifier = { peek: () => principal, verify: () => Promise.resolve(principal) };
const policy = { name: "caller", quota: 100_000_000, window: 60_000 };

const gateway = createGateway({
  auth: upstream.fetch,
  service: upstream.fetch,
  worker: upstream.fetch,
  verifier,
  assertions: createAssertionSigner({ key: "an internal key of 32 characters", issuer: "api_gateway_1" }),
  limiters: { caller: createRateLimiter({ policy, store: createLocalPermitStore() }) },
  instance: "api_gateway_1",
});

const bare = new Hono();
bare.get("/data", async (c) => {
  const { url, method, headers } = c.req.raw;
  const { body, status, headers: answered } = await upstream.fetch(new Request(url, { method, headers }));
  return new Response(body, { status, headers: answered });
});

const fields = {
  accept: "application/json",
  authorization: "Bearer a-token",
  "user-agent": "bench",
  "x-forwarded-for": "192.0.2.1",
};

async function round(handle: (request: Request) => Response | Promise<Response>): Promise<void> {
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
    const response = await handle(new Request("http://127.0.0.1/data", { headers: fields }));
    if (response.status !== 200) throw new Error(`Answered ${response.status}: ${await response.text()}`);
    await response.bytes();
  }));
}

Deno.bench({
  name: "bare Hono proxy, 64 requests",
  group: "hop",
  baseline: true,
  fn: async () => await round((request) => bare.fetch(request)),
});
Deno.bench({
  name: "gateway, 64 requests",
  group: "hop",
  fn: async () => await round((request) => gateway.fetch(request)),
});
