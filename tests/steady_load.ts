import type { Answer } from "./client.ts";

/** One request of a {@linkcode SteadyLoad} and what became of it. */
export interface Outcome {
  /** What was asked, for a message. */
  readonly request: string;
  /** When it was sent, as `performance.now()` tells. */
  readonly sent: number;
  /** What the answer said of a failure, or the error that came instead of an answer; `undefined` when all went well. */
  readonly failure: string | undefined;
}

/** A request that is sent again and again. */
export interface LoadRequest {
  readonly name: string;
  /**
   * Sends it and reads the whole answer.
   *
   * @param turn how many requests were sent before it
   */
  send(turn: number): Promise<Answer>;
}

/** Requests at a steady rate, whatever becomes of those before: an open loop. */
export interface SteadyLoad {
  /** What became of the requests that are over. */
  readonly outcomes: readonly Outcome[];
  /** Sends no more, waits for those that are under way, and tells what became of all. */
  stop(): Promise<readonly Outcome[]>;
}

/** How often a due request is looked for; milliseconds. */
const TICK = 5;

/**
 * Sends requests in turn, `rate` a second in all, until told to stop. When this process was late, it catches up, so that
 * the rate holds.
 */
export function steadyLoad(requests: readonly LoadRequest[], options: { rate: number }): SteadyLoad {
  const interval = 1_000 / options.rate;
  const outcomes: Outcome[] = [];
  const underWay = new Set<Promise<void>>();
  const started = performance.now();
  let turn = 0;

  async function send({ name, send: request }: LoadRequest, number: number): Promise<void> {
    const sent = performance.now();
    const failure = await request(number).then(failureOf, String);
    outcomes.push({ request: name, sent, failure });
  }

  function sendDue(): void {
    for (; started + turn * interval <= performance.now(); turn++) {
      const request = requests[turn % requests.length];
      if (request === undefined) throw new RangeError("Cannot make load: there is no request to send");
      const sent = send(request, turn).finally(() => underWay.delete(sent));
      underWay.add(sent);
    }
  }

  const timer = setInterval(sendDue, TICK);
  return {
    outcomes,
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      return outcomes;
    },
  };
}

function failureOf({ status, headers, text }: Answer): string | undefined {
  if (status < 400) return undefined;
  return `${status} from ${headers.get("x-served-by")}: ${text.replaceAll(/"request_id":"[^"]*"/g, "")}`;
}
