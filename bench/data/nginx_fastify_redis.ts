import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { dirname, fromFileUrl } from "@std/path";
import { answering, type Pinned, startPinned } from "../pinned.ts";
import type { Contender, Running } from "./contender.ts";
import { loadRedis } from "./redis_load.ts";

const PROGRAM = `${dirname(fromFileUrl(import.meta.url))}/node/fastify_redis.mjs`;
const PACKAGES = ["fastify@5.12.8", "jose@6.2.18", "redis@6.3.1", "lru-cache@11.5.3"];

/** Where the peer listens and may write. */
export interface PeerPlace {
  readonly folder: string;
  /** nginx, two Fastify processes and Redis take this port and the three after it. */
  readonly port: number;
}

/**
 * nginx in front of two Fastify processes, which verify the token with `jose` and read from Redis.
 *
 * @param remember whether they remember the tokens they have verified, as Flotilla's gateway does
 */
export function nginxFastifyRedis({ folder, port }: PeerPlace, remember: boolean): Contender {
  return {
    name: remember ? "nginx + Fastify + Redis, tokens remembered" : "nginx + Fastify + Redis",
    start: () => start({ folder, port }, remember),
  };
}

async function start({ folder, port }: PeerPlace, remember: boolean): Promise<Running> {
  await using parts = new AsyncDisposableStack();
  const run = (command: string[]) => parts.use(startPinned(command, { cwd: folder }));
  const { token, keyFile } = await issueToken(folder);
  const redis = run(["redis-server", "--port", String(port + 3), "--save", "", "--bind", "127.0.0.1"]);
  await listening(port + 3, redis);
  await loadRedis(port + 3);
  for (const own of [port + 1, port + 2]) {
    const flags = [String(own), String(port + 3), keyFile, remember ? "remember" : "verify"];
    await answering(
      `http://127.0.0.1:${own}/readyz`,
      run(["node", `${folder}/fastify_redis.mjs`, ...flags]),
    );
  }
  const nginx = run(["nginx", "-c", await nginxConfiguration(folder, port), "-e", `${folder}/nginx.err`]);
  await answering(`http://127.0.0.1:${port}/readyz`, nginx);
  const started = parts.move();
  return {
    origin: `http://127.0.0.1:${port}`,
    token,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

async function nginxConfiguration(folder: string, port: number): Promise<string> {
  const file = `${folder}/nginx.conf`;
  await Deno.writeTextFile(
    file,
    `
daemon off; worker_processes 2; pid ${folder}/nginx.pid; error_log ${folder}/nginx.err;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 10000000;
  client_body_temp_path ${folder}/nginx_body; proxy_temp_path ${folder}/nginx_proxy;
  fastcgi_temp_path ${folder}/nf; uwsgi_temp_path ${folder}/nu; scgi_temp_path ${folder}/ns;
  upstream behind {
    server 127.0.0.1:${port + 1}; server 127.0.0.1:${port + 2};
    keepalive 128; keepalive_requests 10000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}`,
  );
  return file;
}

/** A token as Flotilla's auth makes them, and the file with the key to verify it. */
async function issueToken(folder: string): Promise<{ token: string; keyFile: string }> {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  const keyFile = `${folder}/key.json`;
  await Deno.writeTextFile(keyFile, JSON.stringify(await exportJWK(publicKey)));
  const claims = { sid: crypto.randomUUID(), role: "admin", rights: ["data:read", "data:write"] };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: "bench" })
    .setIssuer("flotilla").setAudience("flotilla-api").setSubject("admin").setJti(crypto.randomUUID())
    .setIssuedAt().setNotBefore(0).setExpirationTime("1h")
    .sign(privateKey);
  return { token, keyFile };
}

async function listening(port: number, process: Pinned): Promise<void> {
  const end = performance.now() + 15_000;
  while (performance.now() < end) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error(`Cannot start: nothing listens on port ${port}: ${process.errors()}`);
}

/** The peer's packages, with exact versions, put into `folder` from the npm registry. */
export async function installPeer(folder: string): Promise<void> {
  await Deno.copyFile(PROGRAM, `${folder}/fastify_redis.mjs`);
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--prefix", folder, "--no-audit", "--no-fund", ...PACKAGES],
  }).output();
  if (!success) throw new Error(`Cannot install the peer's packages: ${new TextDecoder().decode(stderr)}`);
}
