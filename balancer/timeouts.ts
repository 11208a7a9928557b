/** How long each stage of an exchange with an upstream may take, in milliseconds; `Infinity` for no limit. */
export interface TimeoutsOptions {
  /**
   * Until a connection stands. A lost SYN is sent again after 1 s (RFC 6298, section 2), so that 2 s survive
   * one loss; a second loss goes to another upstream.
   *
   * @default 2_000
   */
  connect?: number;
  /**
   * From the request being sent until the head of the answer is there. As long as slow reports take; a dead
   * upstream is noticed much earlier by the health checks, which then move waiting idempotent requests
   * elsewhere.
   *
   * @default 60_000
   */
  firstByte?: number;
  /**
   * Between two pieces of a body, either way. Server-sent events are kept alive every 15 s, so that four may
   * be lost.
   *
   * @default 60_000
   */
  idle?: number;
  /**
   * For the whole exchange with all its attempts, from the request's head to the end of the answer. None by
   * default, since a stream of events has no natural end.
   *
   * @default Infinity
   */
  total?: number;
}

/** The time-outs in force, in milliseconds. */
export type Timeouts = Readonly<Required<TimeoutsOptions>>;

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} when one is not a positive number
 */
export function readTimeouts(options: TimeoutsOptions = {}): Timeouts {
  const { connect = 2_000, firstByte = 60_000, idle = 60_000, total = Infinity } = options;
  const timeouts: Timeouts = { connect, firstByte, idle, total };
  for (const [name, value] of Object.entries(timeouts)) {
    if (!(value > 0)) throw new RangeError(`Cannot set time-outs: ${name} must be above 0 ms, got ${value}`);
  }
  return timeouts;
}
