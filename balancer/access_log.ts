import { getLogger } from "@logtape/logtape";

/** Which requests are written to the access log. */
export interface AccessLogOptions {
  /**
   * Share of the requests that are written, 0 to 1; those answered with 500 and above always are.
   *
   * @default 0
   */
  sample?: number;
  /** Numbers from 0 up to 1. @default Math.random */
  random?: () => number;
}

/** One request, over all its attempts. */
export interface AccessEntry {
  readonly method: string;
  /** Without the query, which may hold secrets. */
  readonly path: string;
  /** What the client was told; 499 when it left before. */
  readonly status: number;
  /** Until the last byte of the answer was passed on. */
  readonly milliseconds: number;
  /** Who answered; `undefined` when nobody did. */
  readonly upstream: string | undefined;
  readonly attempts: number;
  readonly requestId: string;
  /** The client's address. */
  readonly client: string | undefined;
}

/** Writes requests to the log of category `flotilla.balancer.access`. */
export interface AccessLog {
  /** Whether a request with this answer is to be written; asked first, so that an entry is made only then. */
  wants(status: number): boolean;
  write(entry: AccessEntry): void;
}

/**
 * Makes an access log.
 *
 * @throws {RangeError} when the sample is not 0 to 1
 */
export function createAccessLog(options: AccessLogOptions = {}): AccessLog {
  const { sample = 0, random = Math.random } = options;
  if (!(sample >= 0 && sample <= 1)) {
    throw new RangeError(`Cannot log requests: sample must be 0 to 1, got ${sample}`);
  }
  const logger = getLogger(["flotilla", "balancer", "access"]);
  return {
    wants: (status) => status >= 500 || (sample > 0 && random() < sample),
    write: ({ requestId, ...entry }) =>
      logger.info("{method} {path} {status}", { ...entry, request_id: requestId }),
  };
}
