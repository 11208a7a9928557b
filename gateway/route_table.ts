import type { Route } from "./route.ts";
import { ACCOUNT_ROUTES } from "./routes/account_routes.ts";
import { DATA_ROUTES } from "./routes/data_routes.ts";
import { DOCUMENT_ROUTES } from "./routes/document_routes.ts";
import { TASK_ROUTES } from "./routes/task_routes.ts";

/**
 * The public API: every method of every path that is reachable from outside. What is not in it is answered with 404 or
 * 405; nothing is passed on by a pattern that could match more than was meant. Requests are judged by it, and
 * `/openapi.json` is made of it.
 */
export const ROUTE_TABLE: readonly Route[] = [
  ...ACCOUNT_ROUTES,
  ...DATA_ROUTES,
  ...TASK_ROUTES,
  ...DOCUMENT_ROUTES,
];
