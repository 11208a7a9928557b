import {
  type AttemptFailure,
  type AttemptSource,
  type Crossing,
  describeFailure,
  describeNoUpstream,
  latin1,
  type NoUpstream,
  type RequestHead,
  type ResponseHead,
  type Wire,
} from "@flotilla/balancer";
import {
  type IdentityFields,
  ProblemError,
  type RequestContext,
  type RequestLine,
  type RoleFrame,
  type TraceContext,
} from "@flotilla/runtime";
import type { Admitted } from "../admission.ts";
import type { Client } from "../client.ts";
import { failedCall } from "../forward.ts";
import type { GatewayMetrics } from "../gateway_metrics.ts";
import type { Route } from "../route.ts";
import { addSecurityFields } from "../security_fields.ts";
import type { InwardHead } from "./inward_head.ts";
import type { OutwardHead } from "./outward_head.ts";
import type { PathSet } from "./path_set.ts";

/** What the crossings of a gateway share. */
export interface CrossingParts {
  readonly source: AttemptSource;
  readonly frame: RoleFrame;
  readonly metrics: GatewayMetrics;
  readonly inward: InwardHead;
  readonly outward: OutwardHead;
  readonly instance: string;
  /** Aborted when the gateway begins to drain. */
  readonly draining: AbortSignal;
  /** Paths whose answers are worth packing. */
  readonly worthPacking: PathSet;
}

/** What was decided of a request that may cross. */
export interface CrossingDecision {
  readonly route: Route;
  readonly path: string;
  readonly peer: string | undefined;
  readonly client: Client;
  readonly admitted: Admitted;
  readonly assertion: string;
  readonly trace: TraceContext;
}

/** A read that was let in and goes to the inner role as octets. It is its own context: what is decoded, is so when asked. */
export class ReadCrossing implements Crossing, RequestContext, RequestLine {
  readonly kind = "crossing";
  readonly method = "GET";
  readonly route: string;
  readonly #parts: CrossingParts;
  readonly #decision: CrossingDecision;
  #leave: ((status: number) => void) | undefined;
  #wire: Wire | undefined;
  #head: RequestHead | undefined;

  constructor(parts: CrossingParts, decision: CrossingDecision) {
    this.#parts = parts;
    this.#decision = decision;
    this.route = decision.route.path;
    this.#leave = parts.frame.enter(this, this);
  }

  get source(): AttemptSource {
    return this.#parts.source;
  }

  get timeout(): number {
    return this.#decision.route.timeout;
  }

  get url(): string {
    return `http://gateway${this.#decision.path}`;
  }

  get requestId(): string {
    const id = this.#requestId;
    return latin1(id, 0, id.length);
  }

  get trace(): TraceContext {
    return this.#decision.trace;
  }

  get instance(): string {
    return this.#parts.instance;
  }

  get peer(): string | undefined {
    return this.#decision.peer;
  }

  get draining(): AbortSignal {
    return this.#parts.draining;
  }

  /** Clients do not say how long they wait: the route does. */
  timeLeft(): number {
    return Infinity;
  }

  identify(): IdentityFields {
    return { "x-request-id": this.requestId, "x-served-by": this.instance };
  }

  putRequest(wire: Wire, head: RequestHead): void {
    const { route, assertion, client: { address }, trace } = this.#decision;
    this.#wire = wire;
    this.#head = head;
    this.#parts.inward.put(wire, head, { route, assertion, address, trace });
  }

  putAnswer(wire: Wire, head: ResponseHead): void {
    const { client: { secure }, admitted: { fields } } = this.#decision;
    const worthPacking = this.#parts.outward.put(wire, head, { requestId: this.#requestId, secure, fields });
    if (worthPacking) this.#parts.worthPacking.add(this.#decision.path);
    this.#count(head.status);
  }

  refuse(reason: AttemptFailure | NoUpstream): Response {
    const { frame } = this.#parts;
    const response = frame.refuse(this.#problem(reason), this, this);
    for (const [name, value] of this.#decision.admitted.fields) response.headers.set(name, value);
    addSecurityFields(response.headers, this.#decision.client);
    this.#count(response.status);
    return response;
  }

  /** Counts the request out, once. */
  #count(status: number): void {
    this.#leave?.(status);
    this.#leave = undefined;
  }

  get #requestId(): Uint8Array {
    const { requestIdStart = 0, requestIdEnd = 0 } = this.#head ?? {};
    return this.#wire?.bytes.subarray(requestIdStart, requestIdEnd) ?? new Uint8Array(0);
  }

  /** As `forward` has it, where it fails; otherwise as the balancer that it calls through answers. */
  #problem(reason: AttemptFailure | NoUpstream): ProblemError {
    const { metrics } = this.#parts;
    const { upstream, timeout } = this.#decision.route;
    if (reason.kind === "first_byte_timeout" || reason.kind === "client_gone") {
      const problem = failedCall(reason.kind === "client_gone" ? "gone" : "late", { upstream, timeout });
      metrics.refused(problem.status);
      return problem;
    }
    const { status, title, detail, retryAfter } = reason.kind === "none"
      ? describeNoUpstream(reason.reason)
      : describeFailure(reason.kind);
    const headers = new Headers(retryAfter === undefined ? [] : [["retry-after", String(retryAfter)]]);
    headers.set("vary", "accept-encoding");
    return new ProblemError(status, detail, { title, headers });
  }
}
