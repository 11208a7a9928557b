/**
 * - `protocol`: the other side broke a rule
 * - `reset`: the other side gave the stream up
 * - `closed`: this side has closed the stream, or the session is over
 * - `timeout`: the other side did not answer a ping
 */
export type YamuxErrorCode = "protocol" | "reset" | "closed" | "timeout";

/** Why a stream or a session ended before its time. */
export class YamuxError extends Error {
  override readonly name = "YamuxError";
  readonly code: YamuxErrorCode;

  constructor(code: YamuxErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
