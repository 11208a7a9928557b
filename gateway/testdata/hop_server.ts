// A gateway's hop by itself, for `bench/auth/hop.ts`: `hop_server.ts KIND PORT UPSTREAM_PORT`, where the kind is one of
// `bare` (a Hono proxy), `handler` (the gateway, each request an object) and `passage` (the gateway as it runs: plain reads
// pass as octets). All listen and call by the same transport.
import { createAssertionSigner, RIGHTS, type TokenVerifier } from "@flotilla/auth/verify";
import { ConnectionPool, dial, type Door, listen, Listener } from "@flotilla/balancer";
import { Hono } from "hono";
import { createGateway } from "../gateway.ts";
import { createInnerRole } from "../inner_role.ts";
import { createLocalPermitStore } from "../limits/local_permit_store.ts";
import { createRateLimiter } from "../limits/rate_limiter.ts";

const [kind = "", port = "", upstreamPort = ""] = Deno.args;
const upstream = createInnerRole(`http://127.0.0.1:${upstreamPort}`, { instance: "api_gateway_1" });

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

const passage = createGateway({
  auth: upstream.fetch,
  service: upstream.fetch,
  worker: upstream.fetch,
  verifier,
  assertions: createAssertionSigner({ key: "an internal key of 32 characters", issuer: "api_gateway_1" }),
  limiters: { caller: createRateLimiter({ policy, store: createLocalPermitStore() }) },
  instance: "api_gateway_1",
}).passage(upstream.source);

const bare = new Hono();
bare.get("*", async (c) => {
  const { url, method, headers } = c.req.raw;
  const { body, status, headers: answered } = await upstream.fetch(new Request(url, { method, headers }));
  return new Response(body, { status, headers: answered });
});

const doors: Readonly<Record<string, Door>> = {
  bare: { open: () => undefined, answer: (request) => bare.fetch(request) },
  handler: { open: () => undefined, answer: (request, info) => passage.answer(request, info) },
  passage,
};
const door = doors[kind];
if (door === undefined) {
  throw new TypeError(`Cannot serve: kind must be bare, handler or passage, got ${kind}`);
}
const pool = new ConnectionPool({ dial });
const listener = new Listener({ source: upstream.source, pool, door });
await listener.serve(listen({ hostname: "127.0.0.1", port: Number(port) }));
