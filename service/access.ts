import type { Principal } from "@flotilla/auth/verify";
import { ProblemError } from "@flotilla/runtime";
import type { Scope } from "./keyspace.ts";

/**
 * Whether the caller may see the record: an admin and its owner always, the users it is shared with, and everyone
 * signed in when it is public.
 */
export function maySee(principal: Principal, scope: Scope): boolean {
  if (principal.role === "admin" || scope.owner === principal.subject) return true;
  switch (scope.access) {
    case "private":
      return false;
    case "shared":
      return scope.sharedWith.includes(principal.subject);
    case "public":
      return true;
  }
}

/** Whether the caller may change the value: an admin, its owner, and the users it is shared with. */
export function mayChange(principal: Principal, scope: Scope): boolean {
  return mayManage(principal, scope) ||
    (scope.access === "shared" && scope.sharedWith.includes(principal.subject));
}

/** Whether the caller may say who sees the record: an admin and its owner. */
export function mayManage(principal: Principal, scope: Scope): boolean {
  return principal.role === "admin" || scope.owner === principal.subject;
}

/**
 * The record, for a caller who may see it. One that it may not see does not exist for it.
 *
 * @throws {ProblemError} 404
 */
export function requireSeen<S extends Scope>(principal: Principal, id: string, record: S | undefined): S {
  if (record !== undefined && maySee(principal, record)) return record;
  throw new ProblemError(404, `No record has the id "${id}"`);
}

/**
 * Lets a change of the record's value pass.
 *
 * @throws {ProblemError} 403
 */
export function requireChange(principal: Principal, id: string, scope: Scope): void {
  if (mayChange(principal, scope)) return;
  throw new ProblemError(403, `The record "${id}" is not ${principal.subject}'s to change`);
}

/**
 * Lets a change of who sees the record pass.
 *
 * @throws {ProblemError} 403
 */
export function requireManage(principal: Principal, id: string, scope: Scope): void {
  if (mayManage(principal, scope)) return;
  throw new ProblemError(403, `Only its owner and admins say who sees the record "${id}"`);
}
