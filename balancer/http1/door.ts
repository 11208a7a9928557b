import type { ServeInfo } from "@flotilla/runtime";
import type { AttemptSource, NoUpstream } from "../attempt.ts";
import type { AttemptFailure } from "../failure.ts";
import type { RequestHead } from "./request_head.ts";
import type { ResponseHead } from "./response_head.ts";
import type { Wire } from "./wire.ts";

/** The head of a request that stands before a {@linkcode Door}: positions, and the octets that they are of. */
export interface Knock {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly head: RequestHead;
  /** The address at the other end of the connection; `undefined` when it has none. */
  readonly peer: string | undefined;
}

/**
 * Stands where a listener would pass every request on, and decides for each: it crosses to an upstream as octets, it is replied to
 * with octets, or it is answered by a handler of the Fetch standard, which can do anything and costs several times as much.
 */
export interface Door {
  /**
   * How a request crosses or is replied to; `undefined` to have it answered. Never asked of HTTP/1.0, nor of a request with a body.
   * Asked beneath the span of a request that is recorded: a crossing tells the upstream of it.
   */
  open(knock: Knock): Crossing | Reply | undefined;
  /**
   * How a request whose body is there is replied to without a look at that body: a refusal, which is to cost next to nothing.
   * `undefined` to have it answered. @default it is
   */
  turnAway?(knock: Knock): Reply | undefined;
  /** Answers what does not cross. What it throws is a mistake of the program, and breaks the connection off. */
  answer(request: Request, info: ServeInfo): Response | Promise<Response>;
}

/** One request that is replied to in this process. Its head stays where it is until the answer is put. */
export interface Reply {
  readonly kind: "reply";
  /** The answer; a response where octets are not worth their trouble. What it rejects with is a mistake of the program. */
  readonly answer: Promise<OctetAnswer | Response>;
}

/** An answer with all of its content, as octets. */
export interface OctetAnswer {
  readonly status: number;
  /**
   * Puts status line and fields, `Content-Length` among them, behind {@linkcode Wire.out}, without the empty line, and makes room for
   * them and for the content with {@linkcode Wire.reserve}. Other fields of the connection are none of its business.
   */
  putHead(wire: Wire, head: RequestHead): void;
  /** Octets of content. */
  readonly contentLength: number;
  /** Puts the content behind {@linkcode Wire.out}; the head of the request is still where it was. */
  putContent(wire: Wire, head: RequestHead): void;
}

/** One request that crosses as octets. The listener sees to sending, trying again, framing and time. */
export interface Crossing {
  readonly kind: "crossing";
  /** Where it goes. */
  readonly source: AttemptSource;
  /** Milliseconds until the head of the answer must be there. */
  readonly timeout: number;
  /**
   * Puts request line and fields behind {@linkcode Wire.out}, without the empty line, and makes room for them with
   * {@linkcode Wire.reserve}. Fields of the connection are none of its business.
   */
  putRequest(wire: Wire, head: RequestHead): void;
  /**
   * Puts status line and fields of the final answer in the same way. Called again for the answer of another attempt, when the
   * first answer's content turned out malformed before any of it was sent.
   */
  putAnswer(wire: Wire, head: ResponseHead): void;
  /** What the client is told when there is no answer to be had; its own leaving is told too. Instead of `putAnswer`. */
  refuse(reason: AttemptFailure | NoUpstream): Response;
}
