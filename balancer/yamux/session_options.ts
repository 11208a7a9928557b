import type { Deadlines } from "../http1/deadlines.ts";
import type { YamuxStream } from "./stream.ts";
import type { SessionSide } from "./stream_table.ts";

/** How a `Session` is set up. */
export interface SessionOptions {
  /** Who dialled is the client. */
  side: SessionSide;
  /** What keeps time. */
  deadlines: Deadlines;
  /** Takes a stream that the other side opens; `false` refuses it. @default refuses every one */
  onStream?: (stream: YamuxStream) => boolean;
  /**
   * Streams at once. Each may have a window, a quarter of a mebibyte, waiting for a reader that is slow, so this bounds the memory of a
   * session.
   *
   * @default 256
   */
  maxStreams?: number;
  /** Milliseconds without an octet from the other side until it is asked whether it lives. @default 10_000 */
  keepAlive?: number;
  /** Milliseconds that it has for its answer. @default 10_000 */
  pingTimeout?: number;
  /** Milliseconds that a client's session is kept without a stream. @default 60_000 */
  idleTimeout?: number;
  /** Octets that were read from the connection already. @default none */
  received?: Uint8Array;
}

/** Fills in the defaults. */
export function readSessionOptions(options: SessionOptions): Readonly<Required<SessionOptions>> {
  const { onStream = () => false, maxStreams = 256, received = new Uint8Array(0) } = options;
  const { keepAlive = 10_000, pingTimeout = 10_000, idleTimeout = 60_000 } = options;
  return { ...options, onStream, maxStreams, received, keepAlive, pingTimeout, idleTimeout };
}
