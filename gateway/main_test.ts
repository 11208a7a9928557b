import { freePort } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

const permissions = await Promise.all(
  (["run", "net", "read"] as const).map((name) => Deno.permissions.query({ name })),
);
const ignore = permissions.some(({ state }) => state !== "granted");

function gatewayCommand(args: readonly string[], env: Record<string, string>): Deno.Command {
  const main = new URL("./main.ts", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net", "--allow-env", main, ...args],
    env,
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  });
}

function innerFlags(origin: string): string[] {
  return ["auth", "service", "worker"].flatMap((role) => [`--${role}`, origin]);
}

/** All inner roles in one: publishes a key, and answers whatever else with who it thinks is calling. */
async function innerRoles() {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
  const { x } = await exportJWK(publicKey);
  const keys = [{ kty: "OKP", crv: "Ed25519", x, kid: "k-1", alg: "EdDSA", use: "sig" }];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ url, headers }) => {
    const fields = { "x-served-by": "inner_1", via: "1.1 inner" };
    if (url.endsWith("jwks.json")) return Response.json({ keys }, { headers: fields });
    return Response.json({ assertion: headers.get("x-flotilla-assertion") }, { headers: fields });
  });
  const token = await new SignJWT({ sid: "s-1", role: "user", rights: ["data:read"] })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: "k-1" })
    .setIssuer("flotilla").setAudience("flotilla-api").setSubject("ann").setJti("t-1")
    .setIssuedAt().setNotBefore("0 s").setExpirationTime("1 h").sign(privateKey);
  return { server, token, origin: `http://127.0.0.1:${server.addr.port}` };
}

Deno.test({
  name: "main.ts refuses to start in production on defaults, names each, and exits 2",
  ignore,
  async fn() {
    const process = gatewayCommand(["--port", "0", ...innerFlags("http://127.0.0.1:1")], {
      FLOTILLA_ENV: "production",
      FLOTILLA_INTERNAL_KEY: "",
      DENO_KV_ACCESS_TOKEN: "",
    }).spawn();
    await process.stdin.close();
    const { code, stderr } = await process.output();
    const text = new TextDecoder().decode(stderr);
    assertEquals(code, 2);
    for (const name of ["FLOTILLA_INTERNAL_KEY", "DENO_KV_ACCESS_TOKEN", "--database", "--limits"]) {
      assertStringIncludes(text, name);
    }
  },
});

Deno.test({
  name: "main.ts becomes ready when the keys are known, serves, and stops when its supervisor is gone",
  ignore,
  async fn() {
    const { server, token, origin } = await innerRoles();
    const port = freePort();
    const process = gatewayCommand(
      ["--port", String(port), "--name", "api_gateway_1", "--supervised", ...innerFlags(origin)],
      { FLOTILLA_LOG_LEVEL: "warning" },
    ).spawn();
    const stderr = new Response(process.stderr).text();
    const get = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, init);
    await eventually(async () => {
      const response = await get("/readyz");
      await response.body?.cancel();
      return response.ok;
    }, { what: "a gateway that is ready", timeout: 60_000, unless: process.status });
    const headers = { authorization: `Bearer ${token}` };

    const answer = await get("/data", { headers });
    const { assertion } = await answer.json();
    assertEquals([answer.status, assertion.split(".").length], [200, 3]);
    assertEquals(answer.headers.get("x-served-by"), "api_gateway_1");
    assertEquals(answer.headers.get("x-upstream-served-by"), "inner_1");

    const head = await get("/data", { method: "HEAD", headers });
    assertEquals(Number(head.headers.get("content-length")) > 0, true);
    const anonymous = await get("/data");
    await anonymous.body?.cancel();
    assertEquals(anonymous.status, 401);

    await process.stdin.close();
    assertEquals([(await process.status).code, await stderr], [0, ""]);
    await server.shutdown();
  },
});
