/** The statuses that a refused request is answered with. */
export type RefusalStatus = 400 | 408 | 413 | 414 | 417 | 431 | 501 | 505;

/**
 * A message that breaks the rules of RFC 9110 or 9112, or this proxy's limits. A request is answered with the status and its
 * connection closed; a response becomes a 502. Nothing of the message is passed on.
 */
export class MessageError extends Error {
  override readonly name = "MessageError";
  readonly status: RefusalStatus;

  /** @param detail what is wrong, told to the client */
  constructor(status: RefusalStatus, detail: string) {
    super(detail);
    this.status = status;
  }
}
