import {
  dateLine,
  fromLatin1,
  type Knock,
  KnockContext,
  type OctetAnswer,
  type Reply,
  type Wire,
} from "@flotilla/balancer";
import { problemResponse, REQUEST_ID_HEADER, type RequestLine, type RoleFrame } from "@flotilla/runtime";
import type { GatewayMetrics } from "../gateway_metrics.ts";
import { tooMany } from "../limits/adaptive_limit.ts";
import { SERVED_BY } from "../outward_answer.ts";
import type { Route } from "../route.ts";
import { addSecurityFields } from "../security_fields.ts";

/** What the refusals of a gateway share. */
export interface TurnedAwayParts {
  readonly frame: RoleFrame;
  readonly metrics: GatewayMetrics;
  readonly instance: string;
}

/** A refusal as octets, around the request's id. */
export interface Refusal {
  /** Status line and fields up to the id. */
  readonly head: Uint8Array;
  /** The content before the id, and behind it. */
  readonly content: readonly [Uint8Array, Uint8Array];
}

/** Stands for the id where a refusal is put together. */
const ID = "\0";

/** Puts the refusal of a request for which there is no room together, as {@linkcode Gateway.fetch} answers it. */
export async function refusalOctets(
  { instance, varies, secure }: { instance: string; varies: boolean; secure: boolean },
): Promise<Refusal> {
  const problem = tooMany();
  const response = problemResponse(problem, ID);
  const { headers, status } = response;
  if (varies) headers.set("vary", "origin");
  headers.set(SERVED_BY, instance);
  addSecurityFields(headers, { secure });
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const [before = "", behind = ""] = (await response.text()).split(JSON.stringify(ID).slice(1, -1));
  const encoder = new TextEncoder();
  return {
    head: fromLatin1(`HTTP/1.1 ${status} ${problem.title}\r\n${lines}${REQUEST_ID_HEADER}: `),
    content: [encoder.encode(before), encoder.encode(behind)],
  };
}

/** A request that is refused before anything is spent on it. It is its own context. */
export class TurnedAway extends KnockContext implements Reply, OctetAnswer, RequestLine {
  readonly kind = "reply";
  readonly status = 503;
  readonly answer: Promise<OctetAnswer>;
  readonly contentLength: number;
  readonly method: string;
  readonly route: string;
  readonly #knock: Knock;
  readonly #refusal: Refusal;

  constructor(
    parts: TurnedAwayParts,
    { knock, route, refusal }: { knock: Knock; route: Route; refusal: Refusal },
  ) {
    super({ knock, frame: parts.frame, instance: parts.instance });
    this.#knock = knock;
    this.#refusal = refusal;
    this.method = route.method;
    this.route = route.path;
    const { requestIdStart, requestIdEnd } = knock.head;
    const [before, behind] = refusal.content;
    this.contentLength = before.length + requestIdEnd - requestIdStart + behind.length;
    this.answer = Promise.resolve(this);
    const leave = parts.frame.enter(this, this);
    parts.metrics.refused(this.status);
    leave(this.status);
  }

  get url(): string {
    return `http://gateway${this.route}`;
  }

  putHead(wire: Wire): void {
    const { requestIdStart, requestIdEnd } = this.#knock.head;
    const { head } = this.#refusal;
    const date = dateLine();
    const length = `content-length: ${this.contentLength}\r\n`;
    wire.reserve(
      head.length + requestIdEnd - requestIdStart + date.length + length.length + this.contentLength + 4,
    );
    wire.put(head);
    wire.copy(requestIdStart, requestIdEnd);
    wire.putLineEnd();
    wire.put(date);
    wire.putText(length);
  }

  putContent(wire: Wire): void {
    const { requestIdStart, requestIdEnd } = this.#knock.head;
    const [before, behind] = this.#refusal.content;
    wire.put(before);
    wire.copy(requestIdStart, requestIdEnd);
    wire.put(behind);
  }
}
