import { ProblemError } from "@flotilla/runtime";
import { z } from "zod";

/** What an account is. */
export const roleSchema = z.enum(["admin", "user"]);
export type Role = z.infer<typeof roleSchema>;

/** What a caller may do. */
export const rightSchema = z.enum(["data:read", "data:write", "tasks:run", "users:manage"]);
export type Right = z.infer<typeof rightSchema>;

/** The rights that each role has. */
export const RIGHTS: Readonly<Record<Role, readonly Right[]>> = {
  admin: ["data:read", "data:write", "tasks:run", "users:manage"],
  user: ["data:read", "data:write", "tasks:run"],
};

/** A signed-in caller, as its access token tells. */
export interface Principal {
  /** The username. */
  readonly subject: string;
  readonly role: Role;
  readonly rights: readonly Right[];
  /** The session that the token belongs to; logging out ends it. */
  readonly session: string;
  /** The token's own id (`jti`). */
  readonly tokenId: string;
  /** When the token ends, in seconds since the epoch. */
  readonly expires: number;
}

/** Who is behind a call from one role to another. */
export type Caller =
  | { readonly kind: "user"; readonly principal: Principal }
  /** Nobody has signed in: what is public may still be answered. */
  | {
    readonly kind: "anonymous";
    /** The client's IP address as the gateway judged it: sign-ins are limited by it. */
    readonly address?: string;
  };

/** Whether a signed-in caller may do something. */
export function hasRight({ rights }: Principal, right: Right): boolean {
  return rights.includes(right);
}

/**
 * The signed-in caller, when it has the right.
 *
 * @throws {ProblemError} 401 for an anonymous caller, 403 `insufficient_scope` without the right (RFC 6750, section 3.1)
 */
export function requireRight(caller: Caller, right: Right): Principal {
  const principal = requireUser(caller);
  if (hasRight(principal, right)) return principal;
  throw new ProblemError(403, `This needs the right ${right}, which ${principal.subject} does not have`, {
    headers: { "www-authenticate": `Bearer error="insufficient_scope", scope="${right}"` },
  });
}

/**
 * The signed-in caller.
 *
 * @throws {ProblemError} 401 with a bare challenge for an anonymous caller (RFC 6750, section 3)
 */
export function requireUser(caller: Caller): Principal {
  if (caller.kind === "user") return caller.principal;
  throw new ProblemError(401, "This needs a token: sign in with POST /auth/login", {
    headers: { "www-authenticate": "Bearer" },
  });
}
