/**
 * What measurements share with whole-system tests: the real system as a process, and a client of it.
 *
 * @module
 */
export { type Client, signIn } from "./client.ts";
export { startSystem, type System, type SystemOptions } from "./system.ts";
