import { Roster, systemClock } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { type AddressList, addressList } from "../address_list.ts";
import { monotonic } from "../monotonic.ts";
import { type AcceptedConnection, Acceptor, type ConnectionSource } from "./acceptor.ts";
import { BufferPool } from "./buffer_pool.ts";
import { ClientOrigin, OriginCache } from "./client_origin.ts";
import type { Connection } from "./connection.ts";
import { Endpoints, type EndpointsOptions } from "./endpoints.ts";
import { type HeadLimits, readHeadLimits } from "./head_limits.ts";
import type { ListenerOptions } from "./listener_options.ts";
import { ListenerStats } from "./listener_stats.ts";
import { MessageError } from "./message_error.ts";
import { ascii } from "./octets.ts";
import { ProxyConnection, type ProxyConnectionOptions } from "./proxy_connection.ts";
import { readProxyHeader } from "./proxy_protocol.ts";
import type { RequestRules } from "./request_head.ts";
import { RequestIds } from "./request_id.ts";
import { viaLines } from "./response_composer.ts";
import { Session } from "../yamux/session.ts";

const LOGGER = getLogger(["flotilla", "balancer"]);
const LOCALHOST = ascii("localhost");
const NO_ENDPOINTS: EndpointsOptions = { paths: [], answer: () => undefined };

/** What is known of a connection that is to be served. */
export interface ServeConnectionOptions {
  /** The address at the other end; `undefined` when it has none. */
  readonly peer: string | undefined;
  /** `Host` for a request of HTTP/1.0 without one. @default "localhost" */
  readonly authority?: Uint8Array;
  /** Octets that were read from it already. @default none */
  readonly received?: Uint8Array<ArrayBuffer> | undefined;
  /** Whether it is a stream of a trunk, which cannot become one itself. @default false */
  readonly stream?: boolean;
}

/** What a trunk is served with. */
interface TrunkOptions extends Omit<ServeConnectionOptions, "received"> {
  readonly received: Uint8Array;
}

/** Accepts connections and serves HTTP/1.1 on them, octet by octet, in front of a balancer. */
export class Listener {
  readonly stats: ListenerStats = new ListenerStats();
  /** What clients speak to it. */
  readonly protocol: "http" | "https";
  readonly #connections = new Roster<ProxyConnection>();
  readonly #shared: ProxyConnectionOptions;
  readonly #limits: HeadLimits;
  readonly #trusted: AddressList;
  readonly #pseudonym: string;
  readonly #rules: RequestRules;
  readonly #maxConnections: number;
  readonly #proxyProtocol: boolean;
  readonly #acceptTrunks: boolean;
  readonly #origins = new OriginCache();
  /** Connections whose PROXY header has not come yet. */
  readonly #greeting = new Set<Connection>();
  readonly #trunks = new Set<Session>();
  #acceptor: Acceptor | undefined;
  #draining = false;

  constructor(options: ListenerOptions) {
    const {
      source,
      pool,
      endpoints = NO_ENDPOINTS,
      door,
      accessLog,
      trustedProxies = [],
      pseudonym = "flotilla",
      protocol = "http",
      limits,
      bodyOnGet = false,
      traces,
      maxConnections = 10_000,
      keepAliveTimeout = 75_000,
      headTimeout = 10_000,
      lingerTimeout = 2_000,
      tunnelTimeout = 3_600_000,
      proxyProtocol = false,
      acceptTrunks = false,
      onError = logError,
    } = options;
    this.#limits = readHeadLimits(limits);
    this.#trusted = addressList(trustedProxies);
    this.#pseudonym = pseudonym;
    this.protocol = protocol;
    this.#rules = { bodyOnGet, tracing: traces !== undefined };
    this.#maxConnections = maxConnections;
    this.#proxyProtocol = proxyProtocol;
    this.#acceptTrunks = acceptTrunks;
    this.#shared = {
      source,
      pool,
      buffers: new BufferPool(),
      timeouts: source.timeouts,
      tunnelIdle: tunnelTimeout,
      onError,
      via: viaLines(pseudonym),
      endpoints: new Endpoints(endpoints, onError),
      door,
      now: monotonic(systemClock),
      accessLog,
      stats: this.stats,
      ids: new RequestIds(),
      traces,
      clientTimeouts: { keepAlive: keepAliveTimeout, head: headTimeout, linger: lingerTimeout },
    };
  }

  /** Connections of clients that carry many. */
  get trunks(): number {
    return this.#trunks.size;
  }

  /** Serves what a source accepts, until {@linkcode drain} or {@linkcode close}. */
  async serve(source: ConnectionSource): Promise<void> {
    const authority = ascii(describe(source.addr));
    const acceptor = new Acceptor(source, {
      deadlines: this.#shared.pool.deadlines,
      hasRoom: () => this.#connections.size + this.#greeting.size < this.#maxConnections,
      onConnection: (connection) => this.#accepted(connection, authority),
    });
    this.#acceptor = acceptor;
    if (this.#draining) acceptor.stop();
    await acceptor.run();
  }

  /** Serves one connection. */
  serveConnection(connection: Connection, options: ServeConnectionOptions): ProxyConnection {
    const { peer, authority = LOCALHOST, received } = options;
    const origin = new ClientOrigin({
      peer,
      protocol: this.protocol,
      trusted: this.#trusted,
      pseudonym: this.#pseudonym,
      cache: this.#origins,
    });
    const onTrunk = this.#acceptTrunks && !options.stream
      ? (received: Uint8Array) => this.#serveTrunk(connection, { ...options, received })
      : undefined;
    const client = { origin, limits: this.#limits, rules: this.#rules, authority, received, onTrunk };
    const served = new ProxyConnection(connection, this.#shared, client);
    this.stats.accepted++;
    const seat = this.#connections.add(served);
    void served.closed.then(() => {
      this.#connections.delete(seat);
      this.#acceptor?.roomMade();
    });
    if (this.#draining) served.drain();
    return served;
  }

  /** Accepts nothing more, closes idle connections, and settles when every request in flight was answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    this.#acceptor?.stop();
    for (const connection of this.#greeting) connection.close();
    for (const trunk of this.#trunks) trunk.leave();
    for (const connection of this.#connections.all()) connection.drain();
    await this.#allClosed();
  }

  /** Closes everything at once. */
  async close(): Promise<void> {
    this.#draining = true;
    this.#acceptor?.stop();
    for (const connection of this.#greeting) connection.close();
    for (const connection of this.#connections.all()) connection.cut();
    for (const trunk of this.#trunks) trunk.close();
    await this.#allClosed();
  }

  #accepted(connection: AcceptedConnection, authority: Uint8Array): void {
    const { remoteAddr } = connection;
    const peer = remoteAddr?.transport === "tcp" ? remoteAddr.hostname : undefined;
    if (this.#proxyProtocol) void this.#greet(connection, { peer, authority });
    else this.serveConnection(connection, { peer, authority });
  }

  async #allClosed(): Promise<void> {
    await Promise.all([...this.#connections.all(), ...this.#trunks].map(({ closed }) => closed));
  }

  /** Serves each stream of a trunk as a connection. */
  #serveTrunk(connection: Connection, { received, ...options }: TrunkOptions): void {
    const trunk = new Session(connection, {
      side: "server",
      deadlines: this.#shared.pool.deadlines,
      received,
      onStream: (stream) => {
        if (this.#connections.size >= this.#maxConnections) return false;
        this.serveConnection(stream, { ...options, stream: true });
        return true;
      },
    });
    this.#trunks.add(trunk);
    void trunk.closed.then(() => this.#trunks.delete(trunk));
    if (this.#draining) trunk.leave();
  }

  /** Reads the PROXY header, within the time for a head; a connection without a proper one is closed. */
  async #greet(connection: Connection, options: ServeConnectionOptions): Promise<void> {
    const { pool: { deadlines }, clientTimeouts } = this.#shared;
    const timer = { deadline: deadlines.now + clientTimeouts.head, expire: () => connection.close() };
    this.#greeting.add(connection);
    deadlines.watch(timer);
    try {
      const { peer = options.peer, rest } = await readProxyHeader(connection);
      this.serveConnection(connection, { ...options, peer, received: rest });
    } catch (error) {
      if (error instanceof MessageError) {
        this.stats.refuse(error.status);
        connection.close();
      }
    } finally {
      deadlines.unwatch(timer);
      this.#greeting.delete(connection);
      this.#acceptor?.roomMade();
    }
  }
}

function logError(error: unknown): void {
  LOGGER.error("A connection failed by a mistake of this program: {error}", {
    error,
  });
}

function describe(address: Deno.Addr): string {
  if (address.transport !== "tcp") return "localhost";
  const { hostname, port } = address;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
