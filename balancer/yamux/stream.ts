import type { Connection } from "../http1/connection.ts";
import { INITIAL_WINDOW } from "./frame.ts";
import { ReceiveBuffer } from "./receive_buffer.ts";
import { YamuxError } from "./yamux_error.ts";

/** Octets of one data frame at most, so that streams take turns. */
const LONGEST_FRAME = 32_768;
/** The window is opened again when so much of it was used. */
const WINDOW_STEP = INITIAL_WINDOW / 2;

/** What a stream asks of its session. */
export interface StreamLink {
  /** Whether so much waits to be sent that writers wait too. */
  readonly congested: boolean;
  sendData(stream: YamuxStream, octets: Uint8Array): void;
  sendWindow(stream: YamuxStream, octets: number): void;
  sendEnd(stream: YamuxStream): void;
  sendReset(stream: YamuxStream): void;
  /** The stream waits until the session is no longer congested; {@linkcode YamuxStream.resume} is called then. */
  await(stream: YamuxStream): void;
  /** The stream is closed on this side, and the other side has not ended it yet. */
  linger(stream: YamuxStream): void;
  /** Nothing is to be sent or received on the stream any more. */
  over(stream: YamuxStream): void;
}

interface Pending {
  readonly octets: Uint8Array;
  resolve(count: number): void;
  reject(reason: unknown): void;
}

/**
 * One connection among those that a session carries. It is like a TCP connection: one that the other side resets gives what came
 * before, and then an error.
 */
export class YamuxStream implements Connection {
  readonly shared = true;
  readonly id: number;
  readonly #link: StreamLink;
  readonly #received = new ReceiveBuffer();
  /** Octets that we may send, and that the other side may. */
  #sendWindow = INITIAL_WINDOW;
  #receiveWindow = INITIAL_WINDOW;
  /** Octets that were read and not given back to the other side's window. */
  #owed = 0;
  #theirs: "open" | "ended" | "failed" = "open";
  #ours: "open" | "ended" = "open";
  /** Why nothing can be written, and nothing more comes, unless the other side has ended before. */
  #failure: YamuxError | undefined;
  #closed = false;
  /** What waits for octets: only its array is used of a read that is to give the end. */
  #room: Uint8Array | undefined;
  #resolveRead: (count: number | null) => void = () => {};
  #rejectRead: (reason: unknown) => void = () => {};
  #writing: Pending | undefined;

  constructor(id: number, link: StreamLink) {
    this.id = id;
    this.#link = link;
  }

  read(p: Uint8Array): Promise<number | null> {
    if (this.#received.length > 0) return Promise.resolve(this.#take(p));
    if (this.#theirs === "ended" && !this.#closed) return Promise.resolve(null);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#room = p;
      this.#resolveRead = resolve;
      this.#rejectRead = reject;
    });
  }

  write(p: Uint8Array): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ours === "ended") return Promise.reject(new YamuxError("closed", "The stream was ended"));
    if (this.#sendWindow > 0 && !this.#link.congested) return Promise.resolve(this.#send(p));
    return new Promise((resolve, reject) => {
      this.#writing = { octets: p, resolve, reject };
      if (this.#sendWindow > 0) this.#link.await(this);
    });
  }

  closeWrite(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#writing?.reject(new YamuxError("closed", "The stream was ended"));
    this.#writing = undefined;
    this.#end();
    return Promise.resolve();
  }

  /**
   * Ends both; what is under way is rejected. As with TCP, the other side hears an end, or that the stream was reset when octets of its
   * were not read or come afterwards. Closing twice does nothing.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const unread = this.#received.length > 0;
    this.#received.clear();
    this.#settle(new YamuxError("closed", "The stream was closed"));
    if (unread) this.#reset();
    else this.#end();
    if (this.#theirs === "open") this.#link.linger(this);
  }

  /**
   * A data frame begins.
   *
   * @throws {YamuxError} `protocol` when the window has no room for it, or the other side has ended
   */
  expect(octets: number): void {
    if (octets > this.#receiveWindow) {
      throw new YamuxError("protocol", "A stream is sent more than its window");
    }
    if (octets > 0 && this.#theirs === "ended") {
      throw new YamuxError("protocol", "A stream goes on after its end");
    }
    this.#receiveWindow -= octets;
  }

  /** Octets of a data frame came. */
  receive(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    if (this.#closed) return this.#reset();
    const room = this.#room;
    if (room === undefined) return this.#received.put(bytes, start, end);
    const middle = Math.min(end, start + room.length);
    room.set(bytes.subarray(start, middle));
    this.#room = undefined;
    if (middle < end) this.#received.put(bytes, middle, end);
    this.#owe(middle - start);
    this.#resolveRead(middle - start);
  }

  /** The other side has ended. */
  receiveEnd(): void {
    if (this.#theirs !== "open") return;
    this.#theirs = "ended";
    if (this.#room !== undefined) this.#resolveRead(null);
    this.#room = undefined;
    if (this.#ours === "ended") this.#link.over(this);
  }

  /** The other side has given the stream up, or the session is over; octets that came before can be read. */
  receiveFailure(failure: YamuxError): void {
    if (this.#theirs === "open") this.#theirs = "failed";
    this.#ours = "ended";
    this.#settle(failure);
    this.#link.over(this);
  }

  /**
   * The other side's window has grown.
   *
   * @throws {YamuxError} `protocol` when it is larger than can be counted
   */
  widen(octets: number): void {
    this.#sendWindow += octets;
    if (this.#sendWindow > 0xffff_ffff) throw new YamuxError("protocol", "A window is larger than 32 bits");
    if (octets > 0) this.resume();
  }

  /** Goes on with a write that waits, as far as it may. */
  resume(): void {
    const writing = this.#writing;
    if (writing === undefined || this.#sendWindow === 0) return;
    if (this.#link.congested) return this.#link.await(this);
    this.#writing = undefined;
    writing.resolve(this.#send(writing.octets));
  }

  #send(octets: Uint8Array): number {
    const count = Math.min(octets.length, this.#sendWindow, LONGEST_FRAME);
    this.#sendWindow -= count;
    this.#link.sendData(this, count === octets.length ? octets : octets.subarray(0, count));
    return count;
  }

  #take(into: Uint8Array): number {
    const count = this.#received.take(into);
    this.#owe(count);
    return count;
  }

  /** Gives room back once that is worth a frame. */
  #owe(octets: number): void {
    this.#owed += octets;
    if (this.#owed < WINDOW_STEP || this.#theirs !== "open") return;
    this.#link.sendWindow(this, this.#owed);
    this.#receiveWindow += this.#owed;
    this.#owed = 0;
  }

  #end(): void {
    if (this.#ours === "ended") return;
    this.#ours = "ended";
    this.#link.sendEnd(this);
    if (this.#theirs === "ended") this.#link.over(this);
  }

  /** Tells the other side that its octets are not read. */
  #reset(): void {
    if (this.#theirs !== "open" && this.#ours === "ended") return;
    this.#theirs = "failed";
    this.#ours = "ended";
    this.#link.sendReset(this);
    this.#link.over(this);
  }

  /** Nothing can be read or written any more. */
  #settle(failure: YamuxError): void {
    this.#failure ??= failure;
    if (this.#room !== undefined) this.#rejectRead(failure);
    this.#room = undefined;
    this.#writing?.reject(failure);
    this.#writing = undefined;
  }
}
