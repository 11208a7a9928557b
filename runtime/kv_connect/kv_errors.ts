/** The server answered that it does not do what was asked for, and will not. */
export class KvRefusedError extends Error {
  override readonly name = "KvRefusedError";
  /** Of HTTP: 4xx, or what else is no answer to be tried again. */
  readonly status: number;

  constructor(status: number, text: string) {
    super(`The KV server refused with status ${status}: ${text}`);
    this.status = status;
  }
}

/** The server could not be reached, or could not do it, for as long as an operation waits. Nothing has been written. */
export class KvUnavailableError extends Error {
  override readonly name = "KvUnavailableError";
}

/**
 * The server was lost between a write and its answer: the write may have been done, whole, or not at all, and is not sent
 * again by itself. Read what it would have changed to find out.
 */
export class KvOutcomeUnknownError extends Error {
  override readonly name = "KvOutcomeUnknownError";
}
