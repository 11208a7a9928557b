import { getLogger } from "@logtape/logtape";

/** What is written down about accounts and sessions. Passwords and tokens are never in it. */
export type AuditEvent =
  | { readonly event: "signed_in"; readonly username: string; readonly session: string }
  | { readonly event: "sign_in_failed"; readonly username: string }
  | { readonly event: "sign_in_delayed"; readonly username: string; readonly seconds: number }
  | { readonly event: "refresh_token_reused"; readonly username: string; readonly session: string }
  | { readonly event: "signed_out"; readonly username: string; readonly session: string }
  | { readonly event: "password_changed"; readonly username: string; readonly session: string }
  | { readonly event: "password_change_failed"; readonly username: string; readonly session: string }
  | { readonly event: "user_created"; readonly username: string; readonly by: string; readonly role: string }
  | {
    readonly event: "user_changed";
    readonly username: string;
    readonly by: string;
    readonly members: readonly string[];
  }
  | { readonly event: "user_deleted"; readonly username: string; readonly by: string };

/** Where an event came from. */
export interface AuditOrigin {
  readonly requestId: string;
  /** The client's address, if it is known. */
  readonly address: string | undefined;
}

const logger = getLogger(["flotilla", "auth", "audit"]);

/** Writes an event to the log `flotilla.auth.audit`. What went wrong is a warning. */
export function audit(event: AuditEvent, origin: AuditOrigin): void {
  const properties = { ...event, request_id: origin.requestId, address: origin.address };
  const message = `${event.event} {username}`;
  if (/failed|delayed|reused/.test(event.event)) logger.warn(message, properties);
  else logger.info(message, properties);
}
