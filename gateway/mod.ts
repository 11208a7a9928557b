/**
 * The public API: routes, token checks and limits in front of the inner roles.
 *
 * @module
 */
export { type TokenVerifier } from "./credentials.ts";
export { type Fetcher } from "./forward.ts";
export { createGateway, type GatewayOptions } from "./gateway.ts";
export type { Access, BodyRule, Method, Route, UpstreamName } from "./route.ts";
export { ROUTE_TABLE } from "./route_table.ts";
