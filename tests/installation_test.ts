import { createPasswordHasher } from "@flotilla/auth";
import { openKv } from "@flotilla/runtime";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { type Answer, send, signIn } from "./client.ts";
import { canStartSystem, startSystem, type System } from "./system.ts";

const SETUP = fromFileUrl(import.meta.resolve("../tasks/setup.ts"));
const APP = "https://app.example";

/** What an installation begins with, as `deno task setup` leaves it. */
interface Installation {
  readonly environment: Readonly<Record<string, string>>;
  readonly credentials: { readonly username: string; readonly password: string };
}

async function setUp(folder: string, data: string): Promise<{ code: number; text: string }> {
  const flags = ["--secrets", join(folder, "flotilla.env"), "--data", data, "--username", "root"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "--allow-env",
      "--allow-read",
      "--allow-write",
      SETUP,
    ]
      .concat(flags),
    env: { NO_COLOR: "1" },
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

async function readInstallation(file: string): Promise<Installation> {
  const text = await Deno.readTextFile(file);
  const comment = (name: string) => new RegExp(`^# ${name}: (\\S+)$`, "m").exec(text)?.[1] ?? "";
  return {
    environment: Object.fromEntries(
      [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    ),
    credentials: { username: comment("username"), password: comment("password") },
  };
}

/** A page of the configured site may call with a token; one of another site may not. */
async function otherSites({ origin }: System, token: string): Promise<void> {
  const from = (site: string, headers: Record<string, string> = {}) =>
    send(origin, "GET", "/data", { headers: { authorization: `Bearer ${token}`, origin: site, ...headers } });
  const allowed = ({ headers }: Answer) => headers.get("access-control-allow-origin");
  assertEquals(allowed(await from(APP)), APP);
  assertEquals(allowed(await from("https://evil.example")), null);
  const asked = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization",
  };
  const preflight = await send(origin, "OPTIONS", "/data", { headers: { origin: APP, ...asked } });
  assertEquals([preflight.status, allowed(preflight)], [204, APP]);
  assertMatch(preflight.headers.get("access-control-allow-methods") ?? "", /POST/);
  const foreign = await send(origin, "OPTIONS", "/data", {
    headers: { origin: "https://evil.example", ...asked },
  });
  assertEquals(allowed(foreign), null);
}

/** A hash that an earlier version made with less is made anew at the next sign-in, and the password stays. */
async function rehash(system: System, { environment, credentials }: Installation): Promise<void> {
  Deno.env.set("DENO_KV_ACCESS_TOKEN", environment["DENO_KV_ACCESS_TOKEN"] ?? "");
  using kv = await openKv(system.originOf("database"));
  Deno.env.delete("DENO_KV_ACCESS_TOKEN");
  const key = ["auth", "user", credentials.username];
  const stored = async () => (await kv.get<{ passwordHash: string }>(key)).value;
  const cheap = createPasswordHasher({ parameters: { memory: 1_024, passes: 1 } });
  await kv.set(key, { ...await stored(), passwordHash: await cheap.hash(credentials.password) });
  await signIn(system.origin, credentials);
  assertMatch((await stored())?.passwordHash ?? "", /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  await signIn(system.origin, credentials);
}

Deno.test({
  name: "system: an installation for production, from `deno task setup` to a sign-in",
  ignore: !canStartSystem,
  async fn(t) {
    const folder = await Deno.makeTempDir();
    const [data, file] = [join(folder, "data"), join(folder, "flotilla.env")];
    await t.step("setup writes its file for the owner alone, and never over one that is there", async () => {
      const first = await setUp(folder, data);
      assertEquals(first.code, 0, first.text);
      assertEquals(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
      const before = await Deno.readTextFile(file);
      const second = await setUp(folder, data);
      assertEquals([second.code, await Deno.readTextFile(file)], [2, before]);
      assertStringIncludes(second.text, "exists");
    });
    const installation = await readInstallation(file);
    {
      await using system = await startSystem({
        data,
        environment: installation.environment,
        groupFlags: { api_gateway: { "cors-origin": APP } },
      });
      const { token } = await signIn(system.origin, installation.credentials);
      await t.step("no development account is there", async () => {
        const json = { username: "admin", password: "password" };
        assertEquals((await send(system.origin, "POST", "/auth/login", { json })).status, 401);
      });
      await t.step(
        "pages of a configured site call with a token, others do not",
        () => otherSites(system, token),
      );
      await t.step(
        "a hash of cheaper parameters is made anew on sign-in",
        () => rehash(system, installation),
      );
    }
    await Deno.remove(folder, { recursive: true });
  },
});
