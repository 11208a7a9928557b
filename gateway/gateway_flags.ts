import { trunkFlags } from "@flotilla/balancer";
import { flag, listFlag, number, originSchema, serveFlags, traceFlags } from "@flotilla/runtime";
import { z } from "zod";
import { rateSchema } from "./limits/limit_policy.ts";

/** Where a gateway believes forwarding fields from when nothing is said: from this machine. */
const LOOPBACK = ["127.0.0.1", "::1"];

/** The flags of the gateway's process. */
export const gatewayFlags = {
  ...serveFlags,
  ...traceFlags,
  ...trunkFlags,
  auth: flag(originSchema, {
    help: "the auth services, or the balancer in front of them",
    placeholder: "URL",
  }),
  service: flag(originSchema, { help: "the data services, or their balancer", placeholder: "URL" }),
  worker: flag(originSchema, { help: "the workers, or their balancer", placeholder: "URL" }),
  database: flag(z.string().optional(), {
    help: "database of the auth services; without it a token works until it ends, logout or not",
    placeholder: "TARGET",
  }),
  limits: flag(z.string().optional(), {
    help: "database or cache in which all gateways keep limits together; without it each keeps them alone",
    placeholder: "TARGET",
  }),
  callerLimit: flag(rateSchema.default({ quota: 60_000, window: 60_000 }), {
    help: "requests of one signed-in caller, REQUESTS/SECONDS or off",
    placeholder: "RATE",
  }),
  addressLimit: flag(rateSchema.default({ quota: 6_000, window: 60_000 }), {
    help: "requests of one address that is not signed in, REQUESTS/SECONDS or off",
    placeholder: "RATE",
  }),
  corsOrigin: listFlag(z.string(), {
    help: "another site whose pages may call the API, or *",
    placeholder: "ORIGIN",
  }),
  lookInterval: flag(number(z.number().int().min(100).max(60_000)).default(2_000), {
    help: "how often an open dashboard looks at every process",
    placeholder: "MILLISECONDS",
  }),
  trustedProxy: listFlag(z.string(), {
    help: `address or network whose X-Forwarded fields are believed; ${
      LOOPBACK.join(" and ")
    } if none is given`,
    placeholder: "CIDR",
  }),
};

/** The proxies to believe. */
export function trustedProxies(given: readonly string[]): readonly string[] {
  return given.length === 0 ? LOOPBACK : given;
}
