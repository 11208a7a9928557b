import { assertEquals } from "@std/assert";
import * as balancer from "./mod.ts";

Deno.test("mod.ts exports what others build on, and nothing else", () => {
  assertEquals(Object.keys(balancer).toSorted(), [
    "AttemptError",
    "ConnectionPool",
    "EVERY_UPSTREAM",
    "FAILURE_KINDS",
    "Listener",
    "STRATEGY_NAMES",
    "addressList",
    "blamesUpstream",
    "clientAddress",
    "consistentHash",
    "createAccessLog",
    "createAdmin",
    "createBalancer",
    "createStrategy",
    "describeFailure",
    "describeNoUpstream",
    "dial",
    "failureOf",
    "fetchTransport",
    "followDns",
    "followKv",
    "forwardedFields",
    "isIdempotent",
    "leastConnections",
    "listen",
    "mayTryAgain",
    "peakEwma",
    "powerOfTwo",
    "randomChoice",
    "reachOf",
    "roundRobin",
    "tcpTransport",
  ]);
});
