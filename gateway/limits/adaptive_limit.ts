import { ProblemError } from "@flotilla/runtime";

/** Bounds how many requests are under way at once to what whoever answers them can take. */
export interface AdaptiveLimit {
  /** How many may be under way at the moment. */
  readonly limit: number;
  /** Whether as many are under way as may be. */
  readonly full: boolean;
  /**
   * For a look before anything is spent on a request.
   *
   * @throws {ProblemError} 503 with `Retry-After` when as many are under way as may be
   */
  requireRoom(): void;
  /**
   * Sends a request and learns from its answer.
   *
   * @throws {ProblemError} 503 with `Retry-After` when as many are under way as may be: nothing was sent
   */
  run(send: () => Promise<Response>): Promise<Response>;
}

/** How {@linkcode createAdaptiveLimit} begins, and how far it goes. */
export interface AdaptiveLimitOptions {
  /** @default 16 */
  initial?: number;
  /** @default 2 */
  least?: number;
  /** @default 1_024 */
  most?: number;
}

/** What is left of the limit after a refusal. */
const DECREASE = 0.75;

/**
 * Learns the limit as TCP learns the rate of a way (additive increase, multiplicative decrease; Chiu and Jain 1989): a
 * full round of answers makes room for one more, a refusal (503) takes a quarter away. So a flood is refused here, where
 * it has cost next to nothing yet, and whoever answers is neither idle nor flooded, however many there are of it.
 *
 * @throws {RangeError} when the limits are not in order
 */
export function createAdaptiveLimit(options: AdaptiveLimitOptions = {}): AdaptiveLimit {
  const { initial = 16, least = 2, most = 1_024 } = options;
  if (!(least >= 1 && least <= initial && initial <= most)) {
    throw new RangeError(
      `Cannot limit: must be 1 <= least <= initial <= most, got ${least}, ${initial}, ${most}`,
    );
  }
  let limit = initial;
  let underWay = 0;
  let round = 0;

  const isFull = () => underWay >= Math.floor(limit);

  function requireRoom(): void {
    if (isFull()) throw tooMany();
  }

  function learn(refused: boolean, sentIn: number): void {
    if (!refused) limit = Math.min(most, limit + 1 / limit);
    // All that were sent before the limit went down tell of the same.
    else if (sentIn === round) {
      limit = Math.max(least, limit * DECREASE);
      round++;
    }
  }

  return {
    get limit() {
      return Math.floor(limit);
    },
    get full() {
      return isFull();
    },
    requireRoom,
    async run(send) {
      requireRoom();
      underWay++;
      const sentIn = round;
      try {
        const response = await send();
        learn(response.status === 503, sentIn);
        return response;
      } finally {
        underWay--;
      }
    },
  };
}

/** The answer to a request for which there is no room. */
export function tooMany(): ProblemError {
  return new ProblemError(503, "Too many requests of this kind at the moment: try again shortly", {
    headers: { "retry-after": "1" },
  });
}
