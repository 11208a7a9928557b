import type { Address, Answer, Connection } from "./connection.ts";
import type { ConnectionPool } from "./connection_pool.ts";
import type { Message } from "./messages.ts";
import type { Metadata } from "./metadata.ts";
import type { ResponseSink } from "./response_reader.ts";
import { WireWriter } from "./wire.ts";

/** An operation of the data path, as its path names it. */
export type Operation = "snapshot_read" | "atomic_write" | "watch";

const encoder = new TextEncoder();

/** How an operation is called. */
export interface CallOptions {
  /** Of the span that the server's is to be beneath. */
  readonly traceparent: string | undefined;
  /** Milliseconds since the epoch, after which it is not sent any more. */
  readonly sendBy: number;
}

/** What of a request's head is the same in all requests of an operation. */
type Heads = Readonly<Record<Operation, Uint8Array>>;

/** Where the operations of one database are asked for, each in one piece: the head of a request and its message. */
export class Endpoint {
  readonly #metadata: Metadata;
  readonly #pool: ConnectionPool;
  readonly #heads: Heads;

  /** @param pool of connections to the {@linkcode addressOf} of the same */
  constructor(metadata: Metadata, pool: ConnectionPool) {
    this.#metadata = metadata;
    this.#pool = pool;
    const head = (operation: Operation) => headOf(metadata, operation);
    this.#heads = {
      snapshot_read: head("snapshot_read"),
      atomic_write: head("atomic_write"),
      watch: head("watch"),
    };
  }

  /** Whether the server has asked that it be learned anew by then. */
  expired(now: number): boolean {
    return now >= this.#metadata.expiresAt;
  }

  /**
   * @throws {NotSentError} when the request was not sent
   * @throws {ConnectionLostError} when there was no whole answer
   */
  call(operation: Operation, message: Message, { traceparent, sendBy }: CallOptions): Promise<Answer> {
    return this.#pool.exchange(this.#request(operation, message, traceparent), sendBy);
  }

  /**
   * Asks for what is answered bit by bit.
   *
   * @param onEnd told why, when the connection ended
   * @throws {NotSentError} when the server cannot be reached
   */
  stream(message: Message, sink: ResponseSink, onEnd: (error: Error) => void): Promise<Connection> {
    return this.#pool.stream(this.#request("watch", message, undefined), sink, onEnd);
  }

  #request(operation: Operation, message: Message, traceparent: string | undefined): Uint8Array {
    const head = this.#heads[operation];
    const trace = traceparent === undefined ? "" : `traceparent: ${traceparent}\r\n`;
    const rest = `${message.size}\r\n${trace}\r\n`;
    const writer = new WireWriter(message.size, head.length + rest.length);
    writer.bytes.set(head);
    encoder.encodeInto(rest, writer.bytes.subarray(head.length));
    message.write(writer);
    return writer.bytes;
  }
}

/** Where the server of a database listens. */
export function addressOf({ endpoint }: Metadata): Address {
  // An address of IPv6 stands in brackets in a URL only.
  return { hostname: endpoint.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(endpoint.port || "80") };
}

/** All of a head but the length of the content, which comes last. */
function headOf({ version, databaseId, endpoint, token }: Metadata, operation: Operation): Uint8Array {
  const path = `${endpoint.pathname.replace(/\/$/, "")}/${operation}${endpoint.search}`;
  return encoder.encode(
    [
      `POST ${path} HTTP/1.1`,
      `host: ${endpoint.host}`,
      `authorization: Bearer ${token}`,
      "content-type: application/x-protobuf",
      `x-denokv-version: ${version}`,
      `x-denokv-database-id: ${databaseId}`,
      "user-agent: flotilla",
      "content-length: ",
    ].join("\r\n"),
  );
}
