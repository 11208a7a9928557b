import type { Session } from "./session.ts";

/** What is known of a request for a page. */
export interface PageRequest {
  readonly requestId: string;
  /** Of the client, as far as trusted proxies tell. */
  readonly address: string | undefined;
  /** It came over TLS. */
  readonly secure: boolean;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
}

/** What Hono passes on with a request. */
export interface PageEnvironment {
  Bindings: PageRequest;
  Variables: { session: Session };
}
