import { flag, listFlag, number, portSchema, serveFlags } from "@flotilla/runtime";
import { z } from "zod";
import { STRATEGY_NAMES } from "./strategies.ts";
import type { UpstreamOptions } from "./upstream.ts";
import { identify } from "./upstream_state.ts";

/** `http://host:port`, with a weight if wanted: `http://host:port;weight=2`. */
const upstreamSchema: z.ZodType<UpstreamOptions> = z.string().transform((text, context) => {
  const [url = "", ...parameters] = text.split(";");
  const pairs = Object.fromEntries(parameters.map((parameter) => parameter.split("=", 2)));
  const { weight = "1", id, ...unknown } = pairs;
  const upstream: UpstreamOptions = { url, weight: Number(weight), ...(id === undefined ? {} : { id }) };
  try {
    if (Object.keys(unknown).length > 0) {
      throw new TypeError(`knows no parameter "${Object.keys(unknown)[0]}"`);
    }
    identify(upstream);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : "cannot be used" });
    return z.NEVER;
  }
  return upstream;
});

const milliseconds = (fallback: number) => number(z.number().positive()).default(fallback);

/** The flags of the balancer's process. */
export const balancerFlags = {
  ...serveFlags,
  upstream: listFlag(upstreamSchema, {
    help: "a server to pass requests to; http://host:port;weight=2 gives it twice the share",
    placeholder: "URL",
  }),
  strategy: flag(z.enum(STRATEGY_NAMES).default("round-robin"), {
    help: `who gets the next request: ${STRATEGY_NAMES.join(", ")}`,
    placeholder: "NAME",
  }),
  healthPath: flag(z.string().startsWith("/").default("/readyz"), {
    help: "what upstreams are asked",
    placeholder: "PATH",
  }),
  healthInterval: flag(milliseconds(500), { help: "milliseconds between two checks", placeholder: "MS" }),
  healthTimeout: flag(milliseconds(500), { help: "milliseconds a check may take", placeholder: "MS" }),
  healthRise: flag(number(z.number().int().min(1)).default(2), {
    help: "checks in a row that bring an upstream back",
    placeholder: "COUNT",
  }),
  healthFall: flag(number(z.number().int().min(1)).default(2), {
    help: "failed checks in a row that take an upstream out",
    placeholder: "COUNT",
  }),
  adminPort: flag(portSchema.optional(), {
    help:
      "where /healthz, /readyz, /metrics and /snapshot are answered; the main port then passes every path on",
    placeholder: "PORT",
  }),
  trustedProxy: listFlag(z.string(), {
    help: "address or network whose forwarding fields are believed",
    placeholder: "CIDR",
  }),
};
