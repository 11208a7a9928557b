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
  /** Where it has found what it was asked for so far. @default it does not tell */
  sources?(): Promise<Sources>;
}

/** How many reads each layer of a cached system has answered. */
export interface Sources {
  readonly near: number;
  readonly shared: number;
  readonly database: number;
}
