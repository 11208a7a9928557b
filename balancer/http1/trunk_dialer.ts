import type { Upstream } from "../upstream.ts";
import { Session } from "../yamux/session.ts";
import { YamuxError } from "../yamux/yamux_error.ts";
import type { Connection } from "./connection.ts";
import type { Dial } from "./connection_pool.ts";
import type { Deadlines } from "./deadlines.ts";
import { readHeadLimits } from "./head_limits.ts";
import { MessageError } from "./message_error.ts";
import { ascii, equalsIgnoringCase } from "./octets.ts";
import { ResponseHead } from "./response_head.ts";
import { TRUNK_PROTOCOL, trunkRequest } from "./trunk_request.ts";
import { Wire } from "./wire.ts";

/** How a {@linkcode TrunkDialer} dials. */
export interface TrunkDialerOptions {
  /** Opens the connections below. */
  dial: Dial;
  /** What keeps time. */
  deadlines: Deadlines;
  /** Milliseconds that an upstream has to say whether it takes a trunk. @default 2_000 */
  askTimeout?: number;
  /** Milliseconds that an upstream which takes none is not asked again. @default 60_000 */
  plainTime?: number;
}

/** What is known of the way to an upstream. */
interface Way {
  /** Trunks that streams can be opened on; some may be full. */
  readonly sessions: Set<Session>;
  /** The question under way. */
  asking: Promise<void> | undefined;
  /** Until when it is dialled plainly. */
  plainUntil: number;
}

/**
 * What an upstream says to the question for a trunk. `broken` is one that ends the connection instead: a server that takes offence, or
 * one that is about to die.
 */
type Answer =
  | { readonly kind: "taken"; readonly received: Uint8Array }
  | { readonly kind: "refused" | "broken" | "late" };

const REFUSED: Answer = { kind: "refused" };
const BROKEN: Answer = { kind: "broken" };
const LATE: Answer = { kind: "late" };
/** Milliseconds that an upstream which broke the connection is not asked again. */
const BROKEN_TIME = 1_000;
const SIZES = { input: 2_048, growth: 0 };
const TOKEN = ascii(TRUNK_PROTOCOL);

/**
 * Opens connections to upstreams as streams of few TCP connections, where the upstream takes such a trunk, and plain ones where it
 * does not. It asks by an HTTP upgrade, so any server may be dialled.
 */
export class TrunkDialer implements Disposable {
  readonly #options: Readonly<Required<TrunkDialerOptions>>;
  /** By origin. */
  readonly #ways = new Map<string, Way>();
  #closed = false;

  constructor(options: TrunkDialerOptions) {
    const { dial, deadlines, askTimeout = 2_000, plainTime = 60_000 } = options;
    this.#options = { dial, deadlines, askTimeout, plainTime };
  }

  /** Trunks that are open. */
  get size(): number {
    let size = 0;
    for (const { sessions } of this.#ways.values()) size += sessions.size;
    return size;
  }

  /** Opens a connection; rejects when it cannot. */
  readonly dial: Dial = async (upstream: Upstream): Promise<Connection> => {
    const way = this.#way(upstream);
    for (let asked = 0; asked < 2; asked++) {
      const stream = openStream(way);
      if (stream !== undefined) return stream;
      if (this.#options.deadlines.now < way.plainUntil) break;
      way.asking ??= this.#ask(upstream, way).finally(() => way.asking = undefined);
      await way.asking;
    }
    return openStream(way) ?? await this.#options.dial(upstream);
  };

  /** Closes all trunks; connections over them fail. */
  [Symbol.dispose](): void {
    this.#closed = true;
    for (const { sessions } of this.#ways.values()) for (const session of sessions) session.close();
    this.#ways.clear();
  }

  #way({ origin }: Upstream): Way {
    let way = this.#ways.get(origin);
    if (way === undefined) {
      this.#ways.set(origin, way = { sessions: new Set(), asking: undefined, plainUntil: 0 });
    }
    return way;
  }

  /** Asks for a trunk; notes either that or that none is to be had. */
  async #ask(upstream: Upstream, way: Way): Promise<void> {
    const { dial, deadlines, plainTime } = this.#options;
    const connection = await dial(upstream);
    const answer = await this.#upgrade(connection, new URL(upstream.origin).host);
    if (answer.kind === "taken" && !this.#closed) return this.#open(connection, way, answer.received);
    close(connection);
    if (answer.kind === "late") {
      throw new YamuxError("timeout", "The upstream does not say whether it takes a trunk");
    }
    way.plainUntil = deadlines.now + (answer.kind === "broken" ? BROKEN_TIME : plainTime);
  }

  #open(connection: Connection, way: Way, received: Uint8Array): void {
    const session = new Session(connection, { side: "client", deadlines: this.#options.deadlines, received });
    way.sessions.add(session);
    void session.closed.then(() => way.sessions.delete(session));
  }

  async #upgrade(connection: Connection, authority: string): Promise<Answer> {
    const { deadlines, askTimeout } = this.#options;
    const wire = new Wire(connection, SIZES);
    let late = false;
    wire.onExpire = () => {
      late = true;
      wire.cut();
    };
    deadlines.watch(wire);
    wire.deadline = deadlines.now + askTimeout;
    const answer = await wire.write(trunkRequest(authority)) ? await readAnswer(wire) : BROKEN;
    deadlines.unwatch(wire);
    return late ? LATE : answer;
  }
}

function openStream({ sessions }: Way): Connection | undefined {
  for (const session of sessions) {
    const stream = session.open();
    if (stream !== undefined) return stream;
  }
  return undefined;
}

function close(connection: Connection): void {
  try {
    connection.close();
  } catch {
    // It was cut when it was late.
  }
}

async function readAnswer(wire: Wire): Promise<Answer> {
  const head = new ResponseHead(readHeadLimits());
  try {
    while (!head.parse(wire.bytes, wire.start, wire.end)) {
      if (wire.full && wire.grow()) head.reset();
      if (!(await wire.fill())) return BROKEN;
    }
  } catch (error) {
    if (error instanceof MessageError) return REFUSED;
    throw error;
  }
  const taken = head.status === 101 &&
    equalsIgnoringCase(wire.bytes, head.upgradeStart, head.upgradeEnd, TOKEN);
  return taken ? { kind: "taken", received: wire.bytes.slice(head.end, wire.end) } : REFUSED;
}
