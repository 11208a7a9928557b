import { type StreamLink, YamuxStream } from "./stream.ts";
import { YamuxError } from "./yamux_error.ts";

/** Which side of a session: a client's streams have odd numbers, a server's even ones. */
export type SessionSide = "client" | "server";

/** Number of the last stream that a side can open. */
const LAST_STREAM = 0xffff_ffff;

/** The streams of a session, by their numbers. */
export class StreamTable {
  readonly #link: StreamLink;
  readonly #maxStreams: number;
  /** Of the numbers that we give: 1 for odd ones. */
  readonly #parity: 0 | 1;
  readonly #streams = new Map<number, YamuxStream>();
  /** Those of them that are closed on this side, and that the other side has not ended yet. */
  readonly #lingering = new Set<YamuxStream>();
  /** Those whose writers wait until less is queued. */
  readonly #awaiting = new Set<YamuxStream>();
  #nextOurs: number;
  /** The last stream that the other side has opened. */
  #lastTheirs: number;

  /** @param link what each stream asks of the session */
  constructor(link: StreamLink, options: { side: SessionSide; maxStreams: number }) {
    const client = options.side === "client";
    this.#link = link;
    this.#maxStreams = options.maxStreams;
    this.#parity = client ? 1 : 0;
    this.#nextOurs = client ? 1 : 2;
    this.#lastTheirs = client ? 0 : -1;
  }

  /** How many there are, without those that this side has closed. */
  get size(): number {
    return this.#streams.size - this.#lingering.size;
  }

  /** Whether there are as many as may be, those that this side has closed included. */
  get full(): boolean {
    return this.#streams.size >= this.#maxStreams;
  }

  /** Opens one; `undefined` when there are too many, or all numbers were used. */
  open(): YamuxStream | undefined {
    const id = this.#nextOurs;
    if (this.full || id > LAST_STREAM) return undefined;
    this.#nextOurs += 2;
    return this.#add(id);
  }

  /**
   * The other side opens one.
   *
   * @throws {YamuxError} when its number is not one of the other side's that are left
   */
  accept(id: number): YamuxStream {
    if (this.#isOurs(id) || id <= this.#lastTheirs) {
      throw new YamuxError("protocol", "A stream is opened with a number that is not the other side's next");
    }
    this.#lastTheirs = id;
    return this.#add(id);
  }

  /**
   * The stream that a frame is for; `undefined` when it is over on this side, and the frame was sent before that was known.
   *
   * @throws {YamuxError} when there never was one of this number
   */
  find(id: number): YamuxStream | undefined {
    const stream = this.#streams.get(id);
    if (stream !== undefined) return stream;
    if (this.#isOurs(id) ? id >= this.#nextOurs : id > this.#lastTheirs) {
      throw new YamuxError("protocol", "A frame is for a stream that was never opened");
    }
    return undefined;
  }

  /** It is closed on this side. */
  linger(stream: YamuxStream): void {
    this.#lingering.add(stream);
  }

  /** Its writer waits until less is queued. */
  await(stream: YamuxStream): void {
    this.#awaiting.add(stream);
  }

  /** Lets writers go on that wait, as long as there is room for what they write. */
  resume(hasRoom: () => boolean): void {
    if (this.#awaiting.size === 0) return;
    for (const stream of [...this.#awaiting]) {
      if (!hasRoom()) return;
      this.#awaiting.delete(stream);
      stream.resume();
    }
  }

  /** Answers whether it was there. */
  remove(stream: YamuxStream): boolean {
    this.#awaiting.delete(stream);
    this.#lingering.delete(stream);
    return this.#streams.delete(stream.id);
  }

  /** The session has ended before its time. */
  failAll(error: YamuxError): void {
    for (const stream of [...this.#streams.values()]) stream.receiveFailure(error);
  }

  #add(id: number): YamuxStream {
    const stream = new YamuxStream(id, this.#link);
    this.#streams.set(id, stream);
    return stream;
  }

  #isOurs(id: number): boolean {
    return (id & 1) === this.#parity;
  }
}
