import type { TraceContext } from "./trace_context.ts";

/** What a handler knows of a request besides the request. */
export interface RequestContext {
  /** Well-formed, and the same at every hop. */
  readonly requestId: string;
  /** This hop's place in the trace. */
  readonly trace: TraceContext;
  /** Which instance answers. */
  readonly instance: string;
  /** The address at the other end of the connection, when there is one. */
  readonly peer: string | undefined;
  /** Aborted when this role begins to drain: an answer without an end (server-sent events) ends itself then. */
  readonly draining: AbortSignal;
  /** The pattern of the route that answers, set by the handler: the label of its metrics. @default "other" */
  route?: string;
}

/** What the server tells of a request's connection: a part of `Deno.ServeHandlerInfo`. */
export interface ServeInfo {
  readonly remoteAddr: Deno.Addr;
}

/** The peer's IP address, or `undefined` when there is no network beneath (in a test, or a Unix socket). */
export function peerAddress(info: ServeInfo | undefined): string | undefined {
  const address = info?.remoteAddr;
  return address !== undefined && "hostname" in address ? address.hostname : undefined;
}
