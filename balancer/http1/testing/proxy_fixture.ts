import { type Clock, systemClock } from "@flotilla/runtime";
import type { TimeoutsOptions } from "../../timeouts.ts";
import type { Connection } from "../connection.ts";
import { ConnectionPool, type ConnectionPoolOptions } from "../connection_pool.ts";
import { Deadlines } from "../deadlines.ts";
import { Listener } from "../listener.ts";
import type { ListenerOptions } from "../listener_options.ts";
import { FixedSource } from "./fixed_source.ts";
import { memoryPair } from "./memory_connection.ts";
import { Peer } from "./peer.ts";

type Pair = (capacity?: number) => readonly [Connection, Connection];

let pair: Pair = memoryPair;

/** Has all fixtures of this process talk over pairs made in another way. */
export function talkOver(other: Pair): void {
  pair = other;
}

const AUTHORITY = new TextEncoder().encode("proxy.test:8000");

/** How a {@linkcode ProxyFixture} is set up. */
export interface ProxyFixtureOptions {
  timeouts?: TimeoutsOptions;
  clock?: Clock;
  listener?: Partial<ListenerOptions>;
  pool?: Partial<ConnectionPoolOptions>;
  /** Octets each way that a connection in memory holds. */
  capacity?: number;
  /** The address that clients come from. */
  peer?: string;
}

/** A listener with a client and an upstream in the hands of a test, all in memory. */
export class ProxyFixture implements AsyncDisposable {
  readonly source: FixedSource;
  readonly pool: ConnectionPool;
  readonly listener: Listener;
  readonly errors: unknown[] = [];
  /** How often an upstream was connected to. */
  dials = 0;
  /** Makes the next connections to the upstream fail. */
  refusing = false;
  readonly #options: ProxyFixtureOptions;
  readonly #waiting: ((peer: Peer) => void)[] = [];
  readonly #accepted: Peer[] = [];
  readonly #peers: Peer[] = [];

  constructor(options: ProxyFixtureOptions = {}) {
    this.#options = options;
    this.source = new FixedSource(options.timeouts === undefined ? {} : { timeouts: options.timeouts });
    const deadlines = new Deadlines({ clock: options.clock ?? systemClock });
    this.pool = new ConnectionPool({ dial: () => this.#dial(), deadlines, ...options.pool });
    this.listener = new Listener({
      source: this.source,
      pool: this.pool,
      onError: (error) => this.errors.push(error),
      ...options.listener,
    });
  }

  /** A client's connection. */
  client(): Peer {
    const [near, far] = pair(this.#options.capacity);
    this.listener.serveConnection(far, {
      peer: this.#options.peer ?? "203.0.113.9",
      authority: AUTHORITY,
    });
    return this.#peer(near);
  }

  /** The next connection that the upstream accepts. */
  upstream(): Promise<Peer> {
    const peer = this.#accepted.shift();
    if (peer !== undefined) return Promise.resolve(peer);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Sends a request and answers it: gives what the upstream heard and what the client got. */
  async roundTrip(request: string, answer: string): Promise<{ heard: string; got: string }> {
    const client = this.client();
    await client.say(request);
    const upstream = await this.upstream();
    const heard = await upstream.head();
    await upstream.say(answer);
    const got = await client.head();
    client.close();
    return { heard, got };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) peer.close();
    await this.listener.close();
    this.pool[Symbol.dispose]();
    this.pool.deadlines[Symbol.dispose]();
  }

  #dial(): Promise<Connection> {
    this.dials++;
    if (this.refusing) return Promise.reject(new Deno.errors.ConnectionRefused("Nobody listens"));
    const [near, far] = pair(this.#options.capacity);
    const peer = this.#peer(near);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#accepted.push(peer);
    else waiting(peer);
    return Promise.resolve(far);
  }

  #peer(connection: Connection): Peer {
    const peer = new Peer(connection);
    this.#peers.push(peer);
    return peer;
  }
}
