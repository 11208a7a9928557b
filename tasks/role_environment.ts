import { type Environment, internalKey, kvAccessToken } from "@flotilla/runtime";
import type { RoleName } from "./topology_schema.ts";

/** What every role may read. */
const COMMON = ["FLOTILLA_ENV", "FLOTILLA_LOG_LEVEL"];
const KV_TOKEN = "DENO_KV_ACCESS_TOKEN";
const INTERNAL_KEY = "FLOTILLA_INTERNAL_KEY";
const ADMIN_TOKEN = "FLOTILLA_ADMIN_TOKEN";

/** The variables that a role's code may read, and no other is put into its environment. */
const VARIABLES: Readonly<Record<RoleName, readonly string[]>> = {
  balancer: [...COMMON, ADMIN_TOKEN],
  gateway: [...COMMON, KV_TOKEN, INTERNAL_KEY, ADMIN_TOKEN],
  auth: [...COMMON, KV_TOKEN, INTERNAL_KEY],
  service: [...COMMON, KV_TOKEN, INTERNAL_KEY],
  worker: [...COMMON, KV_TOKEN, INTERNAL_KEY],
  store: [...COMMON, KV_TOKEN],
};

/** What Deno itself needs to find the packages it has cached. The role's code has no permission to read them. */
const DENO_VARIABLES = ["HOME", "DENO_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA", "PATH"];

/**
 * Where Deno sends traces, logs and measures when `OTEL_DENO` is set, and how. The role's code has no permission to read
 * them: it is Deno itself that records and sends. `OTEL_DENO_TRACING` is not among them, since the supervisor, which only
 * looks at the others, is started with it off.
 */
const TELEMETRY_VARIABLES = [
  "OTEL_DENO",
  "OTEL_DENO_CONSOLE",
  "OTEL_DENO_METRICS",
  "OTEL_EXPORTER_OTLP_CERTIFICATE",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "OTEL_BSP_SCHEDULE_DELAY",
  "OTEL_METRIC_EXPORT_INTERVAL",
  "OTEL_TRACES_SAMPLER",
  "OTEL_TRACES_SAMPLER_ARG",
];

/** The names of the variables that a role may read. */
export function variablesOf(role: RoleName): readonly string[] {
  return VARIABLES[role];
}

/**
 * The environment that a role is started with. Outside production, secrets that are not set get their development
 * default here, since Deno's own KV client reads its token from the environment.
 *
 * @throws {SecretError} when a secret is missing in production
 */
export function environmentOf(role: RoleName, environment: Environment): Record<string, string> {
  const names = variablesOf(role);
  const given: [string, string | undefined][] = [...names, ...DENO_VARIABLES, ...TELEMETRY_VARIABLES].map((
    name,
  ) => [
    name,
    environment[name],
  ]);
  if (names.includes(KV_TOKEN)) given.push([KV_TOKEN, kvAccessToken(environment)]);
  if (names.includes(INTERNAL_KEY)) given.push([INTERNAL_KEY, internalKey(environment)]);
  return Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
