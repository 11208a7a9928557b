import type { Connection } from "../http1/connection.ts";
import { FrameReader, type FrameSink } from "./frame_reader.ts";
import { YamuxError } from "./yamux_error.ts";

/** Octets read at once. */
const READ_SIZE = 65_536;

/** Told what is received. */
export interface ReceiveEvents extends FrameSink {
  /** Octets came; what they hold is told next. */
  onHeard(): void;
  /** A frame breaks a rule: nothing more is read. */
  onBroken(error: YamuxError): void;
  /** The connection has ended or failed. */
  onFailed(cause: unknown): void;
}

/** Reads a session's connection, as much as waits at once, and takes the frames out of it. */
export class ReceiveLoop {
  readonly #connection: Connection;
  readonly #events: ReceiveEvents;
  readonly #reader: FrameReader;
  readonly #buffer = new Uint8Array(READ_SIZE);
  /** Octets at the front of the buffer that are no whole header yet. */
  #kept = 0;
  #stopped = false;

  constructor(connection: Connection, events: ReceiveEvents) {
    this.#connection = connection;
    this.#events = events;
    this.#reader = new FrameReader(events);
  }

  /** Begins with what was received before. */
  start(received: Uint8Array): void {
    const first = received.subarray(0, READ_SIZE);
    this.#buffer.set(first);
    if (first.length > 0) this.#take(first.length);
    else this.#read();
  }

  /** Reads nothing more. */
  stop(): void {
    this.#stopped = true;
  }

  #read(): void {
    if (this.#stopped) return;
    this.#connection.read(this.#buffer.subarray(this.#kept)).then(this.#onRead, this.#onReadFailed);
  }

  readonly #onRead = (count: number | null): void => {
    if (count !== null) return this.#take(count);
    this.#events.onFailed(new YamuxError("closed", "The other side has closed it"));
  };

  readonly #onReadFailed = (cause: unknown): void => this.#events.onFailed(cause);

  /** Takes what was read behind what was kept. */
  #take(count: number): void {
    if (this.#stopped) return;
    this.#events.onHeard();
    const end = this.#kept + count;
    try {
      const used = this.#reader.read(this.#buffer, end);
      this.#buffer.copyWithin(0, used, end);
      this.#kept = end - used;
    } catch (error) {
      if (!(error instanceof YamuxError)) throw error;
      return this.#events.onBroken(error);
    }
    this.#read();
  }
}
