/** A system that answers `GET /data/:id` to who shows a token. */
export interface Contender {
  readonly name: string;
  /** Starts it with all records loaded. */
  start(): Promise<Running>;
}

/** A {@linkcode Contender} that was started. */
export interface Running extends AsyncDisposable {
  /** Where clients call it. */
  readonly origin: string;
  /** The bearer token that it takes. */
  readonly token: string;
}
