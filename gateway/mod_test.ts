import { assertEquals } from "@std/assert";
import * as gateway from "./mod.ts";

Deno.test("mod exports what others build on, and no more", () => {
  assertEquals(Object.keys(gateway).toSorted(), [
    "PermitContentionError",
    "ROUTE_TABLE",
    "createDashboard",
    "createGateway",
    "createIdempotencyStore",
    "createKvPermitStore",
    "createLocalPermitStore",
    "createRateLimiter",
    "productionProblems",
    "withFallback",
  ]);
});
