import { rotateKeys } from "@flotilla/auth";
import { internalKey, openKv, systemClock } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { decodeBase64Url } from "@std/encoding";
import { z } from "zod";
import { send } from "./client.ts";
import { killAndRecover, recovered } from "./recovery.ts";
import { steadyLoad } from "./steady_load.ts";
import { canStartSystem, startSystem, type System } from "./system.ts";

/** Requests a second. */
const RATE = 100;
const GATEWAYS = ["api_gateway_1", "api_gateway_2"];
/** Milliseconds that the new key was published in advance: this much of the waiting is over when the test begins. */
const ADVANCE = 30_000;

const tokensSchema = z.object({ token: z.string(), refresh_token: z.string() });
const headerSchema = z.object({ kid: z.string() });

/** A session whose owner refreshes it again and again, and tries once more when a service dies meanwhile. */
class Session {
  token = "";
  readonly #origin: string;
  #refreshToken = "";

  constructor(origin: string) {
    this.#origin = origin;
  }

  get kid(): string {
    const [header = ""] = this.token.split(".");
    return headerSchema.parse(JSON.parse(new TextDecoder().decode(decodeBase64Url(header)))).kid;
  }

  async signIn(): Promise<void> {
    await this.#take("/auth/login", { username: "admin", password: "password" });
  }

  async refresh(): Promise<void> {
    await this.#take("/auth/refresh", { refresh_token: this.#refreshToken });
  }

  async signOut(): Promise<void> {
    const { status } = await send(this.#origin, "POST", "/auth/logout", { headers: bearer(this.token) });
    assertEquals(status, 204);
  }

  async #take(path: string, json: unknown): Promise<void> {
    const { body } = await eventually(async () => {
      const answer = await send(this.#origin, "POST", path, { json });
      assert(answer.status < 400 || answer.status >= 500, answer.text);
      return answer.status < 400 ? answer : undefined;
    }, { what: `an answer of ${path}` });
    const tokens = tokensSchema.parse(body);
    [this.token, this.#refreshToken] = [tokens.token, tokens.refresh_token];
  }
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

async function signedIn({ origin }: System): Promise<Session> {
  const session = new Session(origin);
  await session.signIn();
  return session;
}

/** What a gateway answers to a token by itself; `undefined` when it does not answer. */
async function statusAt(system: System, gateway: string, token: string): Promise<number | undefined> {
  const answer = await send(system.originOf(gateway), "GET", "/data", { headers: bearer(token) })
    .catch(() => undefined);
  return answer?.status;
}

async function refusedEverywhere(system: System, { token }: Session): Promise<void> {
  await Promise.all(
    GATEWAYS.map((gateway) =>
      eventually(async () => await statusAt(system, gateway, token) === 401, {
        what: `${gateway} to refuse a session that has ended`,
      })
    ),
  );
}

/** Kills a gateway and asks it with a token of an ended session from its first answer on. */
async function restartGateway(system: System, gateway: string, ended: Session): Promise<void> {
  const before = system.pidOf(gateway);
  const statuses = new Set<number | undefined>();
  await system.kill(gateway);
  await eventually(async () => {
    statuses.add(await statusAt(system, gateway, ended.token));
    return statuses.has(401);
  }, { interval: 5, timeout: 30_000, what: `${gateway} to answer again` });
  await recovered(system, { name: gateway, before, balancer: "load_balancer_api_gateway" });
  const allowed = new Set([undefined, 401, 503]);
  assert(statuses.isSubsetOf(allowed), `${gateway} answered ${[...statuses]} to a session that has ended`);
}

/** As `deno task auth-rotate-keys` does, but as if it had been asked for a while ago. @returns the new key's id */
async function rotate(system: System): Promise<string> {
  using kv = await openKv(system.originOf("database"));
  const clock = { ...systemClock, now: () => Date.now() - ADVANCE };
  return (await rotateKeys({ kv, internalKey: internalKey(), keysMaxAge: 1, clock })).kid;
}

Deno.test({
  name:
    "system: auth services and gateways are killed and keys rotated under load, and every token is judged right",
  ignore: !canStartSystem,
  async fn() {
    await using system = await startSystem({ groupFlags: { auth_service: { "keys-max-age": 1 } } });
    const [steady, renewed, ended] = [await signedIn(system), await signedIn(system), await signedIn(system)];
    await ended.signOut();
    await refusedEverywhere(system, ended);
    const get = (path: string, { token }: Session) =>
      send(system.origin, "GET", path, { headers: bearer(token) });
    const load = steadyLoad([
      { name: "GET /data", send: () => get("/data", steady) },
      { name: "GET /auth/me", send: () => get("/auth/me", renewed) },
      { name: "GET /data/welcome", send: () => get("/data/welcome", renewed) },
    ], { rate: RATE });
    const former = renewed.kid;
    const kid = await rotate(system);
    assertNotEquals(kid, former);
    for (const name of ["auth_service_1", "auth_service_2"]) {
      await killAndRecover(system, name, "load_balancer_auth");
      await renewed.refresh();
    }
    for (const gateway of GATEWAYS) {
      const other = await signedIn(system);
      await other.signOut();
      await refusedEverywhere(system, other);
      await restartGateway(system, gateway, other);
      await renewed.refresh();
      await refusedEverywhere(system, other);
    }
    await eventually(async () => {
      await renewed.refresh();
      return renewed.kid === kid;
    }, { interval: 500, timeout: 60_000, what: "tokens of the new key" });
    const reached = load.outcomes.length;
    await eventually(() => load.outcomes.length >= reached + RATE, { what: "the load to flow on" });
    const outcomes = await load.stop();
    assertEquals(outcomes.filter(({ failure }) => failure !== undefined), []);
    assert(outcomes.length > 10 * RATE);
    for (const gateway of GATEWAYS) {
      assertEquals(
        [401, 200, 200],
        await Promise.all([ended, steady, renewed].map(({ token }) => statusAt(system, gateway, token))),
      );
    }
  },
});
