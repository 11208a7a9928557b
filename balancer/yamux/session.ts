import type { Connection } from "../http1/connection.ts";
import type { Timed } from "../http1/deadlines.ts";
import { Flag, type FrameHeader, FrameType, GoAwayCode, INITIAL_WINDOW } from "./frame.ts";
import { KeepAlive } from "./keep_alive.ts";
import { type ReceiveEvents, ReceiveLoop } from "./receive_loop.ts";
import { SendQueue, type SendQueueEvents } from "./send_queue.ts";
import { readSessionOptions, type SessionOptions } from "./session_options.ts";
import type { StreamLink, YamuxStream } from "./stream.ts";
import { StreamTable } from "./stream_table.ts";
import { YamuxError } from "./yamux_error.ts";

/**
 * - `open`: both sides may open streams
 * - `leaving`: one side has gone away; streams go on to their end, and then the connection is closed
 * - `closed`: all is over
 */
export type SessionState = "open" | "leaving" | "closed";

/** Writers wait while so many octets wait to be sent. */
const HIGH_WATER = 262_144;
/** Beyond this, the other side sends pings and reads no answers. */
const MOST_QUEUED = 4 * HIGH_WATER;
/** Milliseconds for the last words to be written. */
const FAREWELL_TIME = 2_000;

/**
 * Many connections over one: HashiCorp's yamux, version 0 (https://github.com/hashicorp/yamux/blob/master/spec.md). What waits
 * to be read is read at once, and what was said in one turn of the event loop is written at once, whichever streams it is of.
 *
 * It is strict: what breaks a rule ends the session. Stream numbers must rise, which the specification lets one assume. When the
 * session ends before its time, its streams fail as connections do that are reset.
 */
export class Session implements StreamLink, ReceiveEvents, SendQueueEvents {
  /** Settles when the connection is closed. Never rejects. */
  readonly closed: Promise<void>;
  readonly #connection: Connection;
  readonly #options: Readonly<Required<SessionOptions>>;
  readonly #streams: StreamTable;
  readonly #queue: SendQueue;
  readonly #receiving: ReceiveLoop;
  readonly #onClosed: () => void;
  readonly #keepAlive: KeepAlive;
  /** Ends a client's session that has no stream, and one whose last words are not taken. */
  readonly #limit: Timed = {
    deadline: Infinity,
    expire: () => this.#state === "closed" ? this.#end() : this.close(),
  };
  /** The stream of the data frame under way. */
  #current: YamuxStream | undefined;
  #state: SessionState = "open";
  /** Whether we have said that we go away, and the other side has heard it. */
  #ourLeave: "none" | "said" | "heard" = "none";
  #theyLeave = false;

  constructor(connection: Connection, options: SessionOptions) {
    this.#connection = connection;
    this.#options = readSessionOptions(options);
    const { deadlines, keepAlive, pingTimeout, received } = this.#options;
    this.#streams = new StreamTable(this, this.#options);
    this.#queue = new SendQueue(connection, this);
    this.#receiving = new ReceiveLoop(connection, this);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#onClosed = resolve;
    this.#keepAlive = new KeepAlive({
      deadlines,
      interval: keepAlive,
      timeout: pingTimeout,
      ping: (token) => this.#put(FrameType.ping, { flags: Flag.syn, length: token }),
      onSilence: () => this.#fail(new YamuxError("timeout", "The other side of the session does not answer")),
    });
    deadlines.watch(this.#limit);
    this.#rest();
    this.#receiving.start(received);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** How many streams there are, without those that this side has closed. */
  get size(): number {
    return this.#streams.size;
  }

  /** Opens a stream; `undefined` when there are too many, or the session is about to end. */
  open(): YamuxStream | undefined {
    const stream = this.#state === "open" ? this.#streams.open() : undefined;
    if (stream === undefined) return undefined;
    this.#limit.deadline = Infinity;
    this.#window(stream.id, Flag.syn, 0);
    return stream;
  }

  /**
   * Goes away in peace: no stream is opened any more, those that there are go on to their end, and then the connection is closed.
   * Streams that the other side opens before it has heard of it are served.
   */
  leave(): void {
    if (this.#state === "closed" || this.#ourLeave !== "none") return;
    this.#state = "leaving";
    this.#ourLeave = "said";
    this.#put(FrameType.goAway, { flags: 0, length: GoAwayCode.normal });
    this.#keepAlive.ask();
  }

  /** Closes the connection at once; all streams fail. */
  close(): void {
    this.#fail(new YamuxError("closed", "The session was closed"), GoAwayCode.normal);
  }

  // What the streams ask for.

  get congested(): boolean {
    return this.#queue.size >= HIGH_WATER;
  }

  sendData({ id }: YamuxStream, octets: Uint8Array): void {
    this.#queue.put({ type: FrameType.data, flags: 0, streamId: id, length: octets.length }, octets);
  }

  sendWindow({ id }: YamuxStream, octets: number): void {
    this.#window(id, 0, octets);
  }

  sendEnd({ id }: YamuxStream): void {
    this.#window(id, Flag.fin, 0);
  }

  sendReset({ id }: YamuxStream): void {
    this.#window(id, Flag.rst, 0);
  }

  await(stream: YamuxStream): void {
    this.#streams.await(stream);
  }

  linger(stream: YamuxStream): void {
    this.#streams.linger(stream);
    this.#released();
  }

  over(stream: YamuxStream): void {
    if (this.#streams.remove(stream)) this.#released();
  }

  // What the queue tells.

  onSent(): void {
    this.#streams.resume(() => !this.congested);
    this.#closeWhenLeft();
  }

  onFailed(cause: unknown): void {
    if (this.#state === "closed") return this.#end();
    this.#fail(new YamuxError("reset", "The connection of the session has failed", { cause }));
  }

  // What is received.

  onHeard(): void {
    this.#keepAlive.heard();
  }

  onBroken(error: YamuxError): void {
    this.#fail(error, GoAwayCode.protocolError);
  }

  begin(header: FrameHeader): void {
    if (header.type === FrameType.data || header.type === FrameType.windowUpdate) {
      if (header.has(Flag.syn)) this.#accept(header.streamId);
      this.#current = this.#streams.find(header.streamId);
      if (header.type === FrameType.data) this.#expect(header.length);
    }
  }

  content(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    this.#current?.receive(bytes, start, end);
  }

  end(header: FrameHeader): void {
    switch (header.type) {
      case FrameType.data:
        return this.#readFlags(header);
      case FrameType.windowUpdate:
        this.#current?.widen(header.length);
        return this.#readFlags(header);
      case FrameType.ping:
        return header.has(Flag.syn) ? this.#pong(header.length) : this.#ponged(header.length);
      case FrameType.goAway:
        return this.#goneAway(header.length);
    }
  }

  /** The other side opens a stream. */
  #accept(id: number): void {
    const { onStream } = this.#options;
    const room = this.#ourLeave !== "heard" && !this.#streams.full;
    const stream = this.#streams.accept(id);
    if (this.#state === "closed") return void this.#streams.remove(stream);
    if (room && onStream(stream)) return this.#window(id, Flag.ack, 0);
    this.#window(id, Flag.rst, 0);
    stream.receiveFailure(new YamuxError("closed", "The stream was refused"));
  }

  #expect(octets: number): void {
    if (octets > INITIAL_WINDOW) throw new YamuxError("protocol", "A frame is larger than any window");
    this.#current?.expect(octets);
  }

  #readFlags(header: FrameHeader): void {
    const stream = this.#current;
    if (header.has(Flag.fin)) stream?.receiveEnd();
    if (header.has(Flag.rst)) stream?.receiveFailure(new YamuxError("reset", "The stream was reset"));
  }

  #window(streamId: number, flags: number, length: number): void {
    this.#queue.put({ type: FrameType.windowUpdate, flags, streamId, length });
    this.#checkQueue();
  }

  #pong(token: number): void {
    this.#put(FrameType.ping, { flags: Flag.ack, length: token });
    this.#checkQueue();
  }

  #ponged(token: number): void {
    if (!this.#keepAlive.answered(token)) return;
    if (this.#ourLeave === "said") this.#ourLeave = "heard";
    this.#closeWhenLeft();
  }

  /** Queues a frame of the session. */
  #put(type: FrameType, frame: { flags: number; length: number }): void {
    this.#queue.put({ type, streamId: 0, ...frame });
  }

  #goneAway(code: number): void {
    if (code !== GoAwayCode.normal) {
      return this.#fail(new YamuxError("reset", `The other side has ended the session with code ${code}`));
    }
    this.#theyLeave = true;
    this.#state = "leaving";
    this.#closeWhenLeft();
  }

  /** Who makes us say much and reads nothing is no peer to keep. */
  #checkQueue(): void {
    if (this.#queue.size > MOST_QUEUED) {
      this.#fail(new YamuxError("protocol", "The other side does not read"));
    }
  }

  /** A stream is not used any more on this side. */
  #released(): void {
    if (this.size > 0) return;
    this.#rest();
    this.#closeWhenLeft();
  }

  /** There is no stream: a client keeps its session for a while. */
  #rest(): void {
    const { side, deadlines, idleTimeout } = this.#options;
    if (side === "client" && this.#state !== "closed") this.#limit.deadline = deadlines.now + idleTimeout;
  }

  /** The last stream is over after one side went away: the connection is closed, once all was said. */
  #closeWhenLeft(): void {
    if (this.#state === "closed" && this.#queue.empty) return this.#end();
    if (this.#state !== "leaving" || this.size > 0 || !this.#queue.empty) return;
    if (this.#ourLeave === "heard" || this.#theyLeave) this.close();
  }

  /** All streams fail; the other side is told why, where it can be told. */
  #fail(error: YamuxError, code?: GoAwayCode): void {
    if (this.#state === "closed") return;
    if (code !== undefined) {
      this.#put(FrameType.goAway, { flags: 0, length: code });
      this.#limit.deadline = this.#options.deadlines.now + FAREWELL_TIME;
    }
    this.#state = "closed";
    this.#receiving.stop();
    this.#streams.failAll(error);
    if (code === undefined) this.#end();
  }

  #end(): void {
    this.#queue.stop();
    this.#keepAlive.stop();
    this.#options.deadlines.unwatch(this.#limit);
    try {
      this.#connection.close();
    } catch {
      // The other side was quicker.
    }
    this.#onClosed();
  }
}
