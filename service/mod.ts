/**
 * The role behind `/data`: records in the database, cached.
 *
 * @module
 */
export { createService, type Service, type ServiceOptions } from "./service.ts";
