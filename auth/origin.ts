import type { Context } from "hono";
import type { AuditOrigin } from "./audit.ts";
import type { AuthEnvironment } from "./method_table.ts";

/** Where a call came from: the address is the one that the gateway vouches for, never a field that a client could write. */
export function originOf({ env: { context, caller } }: Context<AuthEnvironment>): AuditOrigin {
  const address = caller.kind === "anonymous" ? caller.address : undefined;
  return { requestId: context.requestId, address };
}
