import type { Caller } from "@flotilla/auth/verify";
import type { RequestContext } from "@flotilla/runtime";
import type { Route } from "./route.ts";

/** One request on its way through the gateway. */
export interface Exchange {
  readonly request: Request;
  readonly context: RequestContext;
  /** In its normal form. */
  readonly url: URL;
  /** Milliseconds since the epoch. */
  readonly arrived: number;
  /** Of the client, as far as trusted proxies tell. */
  readonly address: string | undefined;
  /** Fields of the answer, whatever it will be. */
  readonly fields: Headers;
}

/** A request whose route and caller are known. */
export interface AdmittedExchange extends Exchange {
  readonly route: Route;
  readonly caller: Caller;
  /** Proof of the caller for the inner role. */
  readonly assertion: string;
}
