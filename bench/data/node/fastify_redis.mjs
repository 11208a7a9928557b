// The peer: one of two Fastify processes behind nginx. It verifies the bearer token as Flotilla's gateway does (EdDSA,
// issuer, audience, type), and answers a record that Redis holds as JSON.
import { readFile } from "node:fs/promises";
import Fastify from "fastify";
import { importJWK, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { createClient } from "redis";

const [port, redisPort, keyFile, remember] = process.argv.slice(2);
const key = await importJWK(JSON.parse(await readFile(keyFile, "utf8")), "EdDSA");
const redis = await createClient({ socket: { host: "127.0.0.1", port: Number(redisPort) } }).connect();
const rules = { algorithms: ["EdDSA"], issuer: "flotilla", audience: "flotilla-api", typ: "at+jwt" };
const known = remember === "remember" ? new LRUCache({ max: 10_000 }) : undefined;

async function verify(authorization) {
  if (!authorization?.startsWith("Bearer ")) return undefined;
  const token = authorization.slice(7);
  const before = known?.get(token);
  if (before !== undefined && before.exp * 1_000 > Date.now()) return before;
  try {
    const { payload } = await jwtVerify(token, key, rules);
    known?.set(token, payload);
    return payload;
  } catch {
    return undefined;
  }
}

const app = Fastify({ logger: false });
app.addHook("onRequest", async (request, reply) => {
  if (request.url === "/readyz") return;
  const caller = await verify(request.headers.authorization);
  if (caller === undefined) return reply.code(401).header("www-authenticate", "Bearer").send({ status: 401 });
  request.caller = caller;
});
app.get("/readyz", () => ({ status: "ready" }));
app.get("/data/:id", async (request, reply) => {
  const text = await redis.get(`record:${request.params.id}`);
  if (text === null) return reply.code(404).send({ status: 404 });
  const version = /"version":(\d+)/.exec(text)?.[1];
  reply.header("content-type", "application/json").header("etag", `"${version}"`);
  return `{"cached":true,"data":${text}}`;
});
await app.listen({ port: Number(port), host: "127.0.0.1" });
