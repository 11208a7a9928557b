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
 * Stands where a listener would pass every request on, and decides for each: it crosses to an upstream as octets, or it is
 * answered by a handler of the Fetch standard, which can do anything and costs several times as much.
 */
export interface Door {
  /** How a request crosses; `undefined` to have it answered. Never asked of HTTP/1.0, nor of a request with a body. */
  open(knock: Knock): Crossing | undefined;
  /** Answers what does not cross. What it throws is a mistake of the program, and breaks the connection off. */
  answer(request: Request, info: ServeInfo): Response | Promise<Response>;
}

/** One request that crosses as octets. The listener sees to sending, trying again, framing and time. */
export interface Crossing {
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
