import { assertEquals } from "@std/assert";
import { z } from "zod";
import type { Route } from "../route.ts";
import { ROUTE_TABLE } from "../route_table.ts";
import { createRouter } from "../router.ts";
import { CrossingRoutes } from "./crossing_routes.ts";

const EXAMPLE: Route = {
  name: "example",
  summary: "Read it",
  method: "GET",
  path: "/data/:id",
  access: "user",
  upstream: "service",
  answers: { 200: { description: "It" } },
  timeout: 1_000,
};

Deno.test("CrossingRoutes.find finds what the router finds, for every plain path that may cross", () => {
  const crossing = new CrossingRoutes(ROUTE_TABLE);
  const router = createRouter(ROUTE_TABLE);
  const found = [];
  const paths = [
    ...ROUTE_TABLE.map(({ path }) => path.replaceAll(":", "")),
    "/data/welcome",
    "/data/events.1",
  ];
  for (const path of paths) {
    const target = crossing.find(path);
    if (target === undefined) continue;
    assertEquals(target.route, router.match(path)?.routes.get("GET"), path);
    found.push(path);
  }
  assertEquals([...new Set(found)], ["/data", "/data/id", "/data/welcome", "/data/events.1"]);
});

Deno.test("CrossingRoutes.find leaves a name that another endpoint of the directory has to the router", () => {
  const others = [{ ...EXAMPLE, method: "POST" as const, path: "/data/batch" }, EXAMPLE];
  const crossing = new CrossingRoutes(others);
  assertEquals(crossing.find("/data/batch"), undefined);
  assertEquals(crossing.find("/data/batches")?.route, EXAMPLE);
});

Deno.test("CrossingRoutes.find takes only paths that are plain, of that directory, and fit their route", () => {
  const params = z.object({ id: z.string().max(3) });
  const crossing = new CrossingRoutes([{ ...EXAMPLE, params }]);
  assertEquals(crossing.find("/data/abc"), { path: "/data/abc", route: { ...EXAMPLE, params } });
  for (
    const path of [
      "/data/abcd",
      "/data/",
      "/data",
      "/data/a/b",
      "/datum/abc",
      "/data/%61",
      "/data/..",
      "/data/a?b",
    ]
  ) {
    assertEquals(crossing.find(path), undefined, path);
  }
});

Deno.test("CrossingRoutes.find finds no route of another role, of another method, or with a stream of events", () => {
  const stream = { 200: { description: "Changes", type: "text/event-stream" } };
  const crossing = new CrossingRoutes([
    { ...EXAMPLE, path: "/events", answers: stream },
    { ...EXAMPLE, path: "/tasks", upstream: "worker" },
    { ...EXAMPLE, path: "/import", method: "POST" },
  ]);
  for (const path of ["/events", "/tasks", "/import"]) assertEquals(crossing.find(path), undefined, path);
});
