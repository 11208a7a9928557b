import type { Role } from "@flotilla/runtime";
import { ManualClock } from "@flotilla/runtime/testing";
import { ASSERTION_HEADER, createAssertionSigner } from "../assertion.ts";
import { type AuthOptions, createAuth } from "../auth.ts";
import { seedDevelopmentAdmin } from "../first_admin.ts";
import { createPasswordHasher, type PasswordHasher } from "../passwords/password_hasher.ts";
import type { Caller, Principal } from "../principal.ts";
import { createTokenVerifier } from "../token_verifier.ts";
import { readKeySet } from "../trusted_keys.ts";

export const INTERNAL_KEY = "an internal key of 32 characters";
export const ANONYMOUS: Caller = { kind: "anonymous" };

/** The real hasher with parameters that take no time. */
export function cheapHasher(): PasswordHasher {
  return createPasswordHasher({ parameters: { memory: 8, passes: 1 } });
}

/** What signing in answers. */
export interface Tokens {
  readonly token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly refresh_token: string;
}

/** One call of the auth service, as a gateway makes it. */
export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly caller?: Caller;
  readonly headers?: HeadersInit;
}

/** An auth service on a database in memory, with the account admin/password. */
export interface AuthFixture extends Disposable {
  readonly kv: Deno.Kv;
  readonly clock: ManualClock;
  readonly hasher: PasswordHasher;
  readonly auth: Role;
  call(path: string, call?: Call): Promise<Response>;
  login(username?: string, password?: string): Promise<Tokens>;
  /** Who a token speaks of, by the keys that the service publishes. */
  principal(token: string): Promise<Principal>;
  callerOf(token: string): Promise<Caller>;
}

/** Makes an {@linkcode AuthFixture}. */
export async function setUp(options: Partial<AuthOptions> = {}): Promise<AuthFixture> {
  const kv = options.kv ?? await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const hasher = options.hasher ?? cheapHasher();
  const auth = createAuth({ kv, instance: "auth_1", internalKey: INTERNAL_KEY, hasher, clock, ...options });
  await seedDevelopmentAdmin({ kv, hasher: cheapHasher(), production: false, clock });
  const fixture = { kv, clock, hasher, auth, ...callsOf(auth, clock), [Symbol.dispose]: () => kv.close() };
  return fixture;
}

/** The calls that a gateway with the same internal key can make. */
export function callsOf(auth: Role, clock: ManualClock): Pick<
  AuthFixture,
  "call" | "login" | "principal" | "callerOf"
> {
  const signer = createAssertionSigner({ key: INTERNAL_KEY, issuer: "gateway_1", clock });

  async function call(path: string, { method = "GET", body, caller = ANONYMOUS, headers }: Call = {}) {
    const fields = new Headers(headers);
    fields.set(ASSERTION_HEADER, await signer.sign(caller));
    if (body !== undefined && !fields.has("content-type")) fields.set("content-type", "application/json");
    const content = body === undefined
      ? {}
      : { body: typeof body === "string" ? body : JSON.stringify(body) };
    return await auth.fetch(new Request(`http://inside${path}`, { method, headers: fields, ...content }));
  }

  async function login(username = "admin", password = "password"): Promise<Tokens> {
    const response = await call("/auth/login", { method: "POST", body: { username, password } });
    if (response.status !== 200) throw new Error(`The login answered ${await response.text()}`);
    return await response.json();
  }

  async function principal(token: string): Promise<Principal> {
    const keys = await readKeySet(await (await call("/auth/.well-known/jwks.json")).json());
    const trusted = {
      get: (kid: string) => keys.get(kid),
      find: (kid: string) => Promise.resolve(keys.get(kid)),
    };
    return await createTokenVerifier({ keys: trusted, clock }).verify(token);
  }

  const callerOf = async (token: string): Promise<Caller> => ({
    kind: "user",
    principal: await principal(token),
  });
  return { call, login, principal, callerOf };
}
