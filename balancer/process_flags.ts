import {
  flag,
  type FlagValues,
  listFlag,
  number,
  portSchema,
  serveFlags,
  switchFlag,
  traceFlags,
} from "@flotilla/runtime";
import { z } from "zod";
import { addressList } from "./address_list.ts";
import type { HashKey } from "./strategies/consistent_hash.ts";
import { policyFlags } from "./policy_flags.ts";
import { STRATEGY_NAMES } from "./strategies.ts";
import type { UpstreamOptions } from "./upstream.ts";
import { identify } from "./upstream_state.ts";

/** `http://host:port`, with a weight if wanted, or drained: `http://host:port;weight=2;draining=true`. */
const upstreamSchema: z.ZodType<UpstreamOptions> = z.string().transform((text, context) => {
  const [url = "", ...parameters] = text.split(";");
  const pairs = Object.fromEntries(parameters.map((parameter) => parameter.split("=", 2)));
  const { weight = "1", id, draining = "false", ...unknown } = pairs;
  const upstream: UpstreamOptions = {
    url,
    weight: Number(weight),
    ...(id === undefined ? {} : { id }),
    ...(draining === "true" ? { draining: true } : {}),
  };
  try {
    if (Object.keys(unknown).length > 0) {
      throw new TypeError(`knows no parameter "${Object.keys(unknown)[0]}"`);
    }
    if (!/^(true|false)$/.test(draining)) {
      throw new TypeError(`draining must be true or false, got ${draining}`);
    }
    identify(upstream);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : "cannot be used" });
    return z.NEVER;
  }
  return upstream;
});

const networkSchema = z.string().refine(isNetwork, "must be an IP address or a network like 10.0.0.0/8");

function isNetwork(text: string): boolean {
  try {
    return addressList([text]) !== undefined;
  } catch {
    return false;
  }
}

/** `address`, `header:NAME` or `cookie:NAME`. */
const hashKeySchema: z.ZodType<HashKey> = z.string().transform((text, context): HashKey => {
  const [kind, name] = text.split(":", 2);
  if (kind === "address" && name === undefined) return { kind };
  if ((kind === "header" || kind === "cookie") && name) return { kind, name };
  context.addIssue({ code: "custom", message: "must be address, header:NAME or cookie:NAME" });
  return z.NEVER;
});

/** The flags of a process that stands between others. */
export const trunkFlags = {
  acceptTrunks: switchFlag({
    help: "lets a client carry many connections over one by yamux; for callers inside only (listener bytes)",
  }),
  upstreamTrunks: switchFlag({
    help: "carries connections to an upstream over one by yamux, where the upstream takes that",
  }),
};

/** The flags of the balancer's process. */
export const balancerFlags = {
  ...serveFlags,
  ...traceFlags,
  upstream: listFlag(upstreamSchema, {
    help: "a server to pass requests to; ;weight=2 after it gives it twice the share, ;draining=true none",
    placeholder: "URL",
  }),
  strategy: flag(z.enum(STRATEGY_NAMES).default("round-robin"), {
    help: `who gets the next request: ${STRATEGY_NAMES.join(", ")}`,
    placeholder: "NAME",
  }),
  hashKey: flag(hashKeySchema.optional(), {
    help: "what consistent-hash goes by: address, header:NAME or cookie:NAME",
    placeholder: "KEY",
  }),
  upstreamDns: flag(z.url({ protocol: /^https?$/ }).optional(), {
    help: "http://name:port, every address of which is an upstream",
    placeholder: "URL",
  }),
  upstreamKv: flag(z.string().optional(), {
    help: "Deno KV store whose key flotilla/balancer/NAME lists the upstreams",
    placeholder: "STORE",
  }),
  ...policyFlags,
  listener: flag(z.enum(["bytes", "serve"]).default("bytes"), {
    help: "bytes: HTTP/1.1 passed through as octets; serve: Deno.serve, with HTTP/2",
    placeholder: "NAME",
  }),
  tlsCert: flag(z.string().optional(), {
    help: "certificate chain in PEM, to listen with TLS",
    placeholder: "FILE",
  }),
  tlsKey: flag(z.string().optional(), { help: "private key of the certificate in PEM", placeholder: "FILE" }),
  proxyProtocol: switchFlag({
    help: "each connection begins with a PROXY protocol header that names the client (listener bytes)",
  }),
  maxClients: flag(number(z.number().int().min(1)).default(10_000), {
    help: "connections of clients at once (listener bytes)",
    placeholder: "COUNT",
  }),
  ...trunkFlags,
  adminPort: flag(portSchema.optional(), {
    help: "port of the admin API, /healthz, /readyz and /metrics; the main port then passes every path on",
    placeholder: "PORT",
  }),
  ownEndpoints: switchFlag({
    help: "the main port answers /healthz, /readyz and /metrics too, though there is an admin port",
  }),
  accessLog: flag(number(z.number().min(0).max(1)).default(0), {
    help: "share of requests written to the log, 0 to 1; failures always are",
    placeholder: "SHARE",
  }),
  trustedProxy: listFlag(networkSchema, {
    help: "address or network whose forwarding fields are believed",
    placeholder: "CIDR",
  }),
};

/** A name that two upstreams have; `undefined` when each has its own. */
export function repeatedName(upstreams: readonly UpstreamOptions[]): string | undefined {
  const names = upstreams.map((upstream) => identify(upstream).id);
  return names.find((name, index) => names.indexOf(name) < index);
}

/** Whether the main port passes every path on: the process's own endpoints have a port of their own then. */
export function passesAllOn(
  { adminPort, ownEndpoints }: Pick<FlagValues<typeof balancerFlags>, "adminPort" | "ownEndpoints">,
): boolean {
  return adminPort !== undefined && !ownEndpoints;
}
