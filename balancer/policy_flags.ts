import { flag, type FlagValues, number } from "@flotilla/runtime";
import { z } from "zod";
import type { BalancerOptions } from "./balancer.ts";

const milliseconds = (fallback: number) => number(z.number().positive()).default(fallback);
const share = (fallback: number) => number(z.number().min(0).max(1)).default(fallback);
const count = (fallback: number, least = 1) => number(z.number().int().min(least)).default(fallback);

/**
 * The flags that say when an upstream gets requests, how long one may take, and when it is tried elsewhere. The defaults are the
 * library's, whose options give their reasons.
 */
export const policyFlags = {
  healthPath: flag(z.string().startsWith("/").default("/readyz"), {
    help: "what upstreams are asked",
    placeholder: "PATH",
  }),
  healthInterval: flag(milliseconds(500), { help: "milliseconds between two checks", placeholder: "MS" }),
  healthJitter: flag(share(0.1), {
    help: "part of that interval by which it varies at random",
    placeholder: "SHARE",
  }),
  healthTimeout: flag(milliseconds(500), { help: "milliseconds a check may take", placeholder: "MS" }),
  healthRise: flag(count(2), {
    help: "checks in a row that bring an upstream back",
    placeholder: "COUNT",
  }),
  healthFall: flag(count(2), {
    help: "failed checks in a row that take an upstream out",
    placeholder: "COUNT",
  }),
  ejectAfter: flag(count(5, 0), {
    help: "failed answers in a row that eject an upstream whose checks pass; 0 for never",
    placeholder: "COUNT",
  }),
  ejectFor: flag(number(z.number().positive().max(300_000)).default(10_000), {
    help: "milliseconds of the first ejection; each one after it in a row takes as much longer",
    placeholder: "MS",
  }),
  ejectAtMost: flag(share(0.5), {
    help: "share of the upstreams that may be ejected at once",
    placeholder: "SHARE",
  }),
  panicBelow: flag(share(0.5), {
    help: "share of the upstreams below which ejections no longer count",
    placeholder: "SHARE",
  }),
  slowStart: flag(number(z.number().min(0)).default(10_000), {
    help: "milliseconds in which an upstream that comes back gets up to its share; 0 for at once",
    placeholder: "MS",
  }),
  retries: flag(count(2, 0), {
    help: "other upstreams that an idempotent request is tried on after one failed it",
    placeholder: "COUNT",
  }),
  retryBudget: flag(share(0.2), { help: "retries earned by each request", placeholder: "SHARE" }),
  connectTimeout: flag(milliseconds(2_000), {
    help: "milliseconds to connect to an upstream",
    placeholder: "MS",
  }),
  firstByteTimeout: flag(milliseconds(60_000), {
    help: "milliseconds an upstream has to begin its answer",
    placeholder: "MS",
  }),
  idleTimeout: flag(milliseconds(60_000), {
    help: "milliseconds between two pieces of a body",
    placeholder: "MS",
  }),
  totalTimeout: flag(number(z.number().positive()).default(Infinity), {
    help: "milliseconds for a whole exchange; no limit unless given",
    placeholder: "MS",
  }),
  maxConnections: flag(count(4_096), {
    help: "requests inside one upstream at a time",
    placeholder: "COUNT",
  }),
  maxQueue: flag(count(1_024, 0), {
    help: "requests that may wait for one upstream",
    placeholder: "COUNT",
  }),
  queueTimeout: flag(milliseconds(2_000), {
    help: "milliseconds that a request may wait for an upstream",
    placeholder: "MS",
  }),
};

/** What of a balancer's options these flags say. */
export type PolicyOptions = Required<
  Pick<BalancerOptions, "health" | "outlier" | "panic" | "slowStart" | "retry" | "timeouts" | "limits">
>;

/** What these flags say to a balancer. */
export function policyOptions(flags: FlagValues<typeof policyFlags>): PolicyOptions {
  const { ejectAfter: consecutive, ejectFor: baseEjection, ejectAtMost: maxShare } = flags;
  return {
    health: {
      path: flags.healthPath,
      interval: flags.healthInterval,
      jitter: flags.healthJitter,
      timeout: flags.healthTimeout,
      rise: flags.healthRise,
      fall: flags.healthFall,
    },
    outlier: consecutive > 0 && { consecutive, baseEjection, maxShare },
    panic: { threshold: flags.panicBelow },
    slowStart: { window: flags.slowStart },
    retry: { attempts: flags.retries + 1, budget: { ratio: flags.retryBudget } },
    timeouts: {
      connect: flags.connectTimeout,
      firstByte: flags.firstByteTimeout,
      idle: flags.idleTimeout,
      total: flags.totalTimeout,
    },
    limits: { connections: flags.maxConnections, queue: flags.maxQueue, queueTimeout: flags.queueTimeout },
  };
}
