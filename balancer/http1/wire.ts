import type { Connection } from "./connection.ts";
import type { Timed } from "./deadlines.ts";

/** Why a wire stopped: the other side ended, the socket failed, or this side cut it. */
export type WireEnd =
  | { readonly kind: "open" }
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly cause: unknown }
  | { readonly kind: "cut" };

const OPEN: WireEnd = { kind: "open" };
const ENDED: WireEnd = { kind: "ended" };
const NOTHING = new Uint8Array(0);
const CUT: WireEnd = { kind: "cut" };

/** How large the parts of a {@linkcode Wire}'s buffer are. */
export interface WireSizes {
  /** Octets read at once into the buffer. */
  readonly input: number;
  /** Octets that a head may grow by when it is rewritten. */
  readonly growth: number;
}

/**
 * A socket with its buffer. The buffer has two halves: `[start, end)` of the first holds what was read and not yet used; in the
 * second a message is put together before it is written. Both are one array, so that spans go over with `copyWithin` and nothing is
 * allocated.
 *
 * There is at most one read under way, and {@linkcode fill} joins it: a wire whose owner waits for something else keeps
 * reading, notices when the other side leaves, and the same read brings the next message.
 */
export class Wire implements Timed {
  readonly connection: Connection;
  bytes: Uint8Array<ArrayBuffer>;
  /** First octet that was read and not used. */
  start = 0;
  /** After the last octet that was read. */
  end = 0;
  /** Begin of the message that is put together. */
  outStart: number;
  /** End of the message that is put together. */
  out: number;
  deadline = Infinity;
  /** Called when the deadline has passed. */
  onExpire: (() => void) | undefined;
  /** Called when a read finds that the other side has ended or the socket has failed; not after {@linkcode cut}. */
  onEnd: (() => void) | undefined;

  readonly #sizes: WireSizes;
  #limit: number;
  #input: Uint8Array<ArrayBuffer>;
  /** Where the read under way puts its octets. */
  #room: Uint8Array<ArrayBuffer>;
  /** What the write under way has left to write. */
  #writing: Uint8Array = NOTHING;
  #pending: Promise<boolean> | undefined;
  #state: WireEnd = OPEN;

  constructor(connection: Connection, sizes: WireSizes) {
    this.connection = connection;
    this.#sizes = sizes;
    this.#limit = sizes.input;
    this.bytes = new Uint8Array(sizes.input * 2 + sizes.growth);
    this.#input = this.#room = this.bytes.subarray(0, sizes.input);
    this.outStart = this.out = sizes.input;
  }

  get state(): WireEnd {
    return this.#state;
  }

  get open(): boolean {
    return this.#state.kind === "open";
  }

  /** Whether a read is under way. */
  get reading(): boolean {
    return this.#pending !== undefined;
  }

  /** How many octets were read and not used. */
  get available(): number {
    return this.end - this.start;
  }

  /** Whether there is no room to read more without {@linkcode grow}. */
  get full(): boolean {
    return this.end === this.#limit;
  }

  /**
   * Reads more behind what is there, or joins the read under way. Never rejects.
   *
   * @returns whether anything came; when not, {@linkcode state} tells why
   */
  fill(): Promise<boolean> {
    return this.#pending ??= this.#read();
  }

  /** Takes the whole buffer for what comes next, when nothing is left to use and no read is under way. */
  rewind(): void {
    if (this.#pending === undefined && this.start === this.end) this.start = this.end = 0;
  }

  /** Begins to read when nothing is left to use, so that the next message, or the other side's leaving, is noticed. */
  watch(): void {
    if (this.#pending === undefined && this.start === this.end && this.#state === OPEN) {
      this.start = this.end = 0;
      this.#pending = this.#read();
    }
  }

  /**
   * Makes room for more input while nothing is being read: moves what is there to the front, or else doubles the buffer.
   *
   * @returns whether the input was moved
   */
  grow(): boolean {
    if (this.start === 0) {
      this.#resize(this.#limit * 2);
      return false;
    }
    this.bytes.copyWithin(0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
    return true;
  }

  /** Gives a buffer that had grown back, when nothing is in it. */
  shrink(): void {
    if (this.#limit !== this.#sizes.input && this.start === this.end && this.#pending === undefined) {
      this.start = this.end = 0;
      this.#resize(this.#sizes.input);
    }
  }

  /** Makes sure that so many octets can be put behind {@linkcode out}. */
  reserve(octets: number): void {
    if (this.out + octets <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.out + octets, this.bytes.length * 2));
    grown.set(this.bytes);
    // A read under way goes on into the old array; its octets are taken over when it ends.
    this.bytes = grown;
  }

  /** Puts octets of the input behind {@linkcode out}. */
  copy(start: number, end: number): void {
    this.bytes.copyWithin(this.out, start, end);
    this.out += end - start;
  }

  /** Puts octets behind {@linkcode out}. */
  put(octets: Uint8Array): void {
    this.bytes.set(octets, this.out);
    this.out += octets.length;
  }

  /** Begins to put a message together. */
  compose(): void {
    this.out = this.outStart;
  }

  /** The message that was put together. */
  get message(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(this.outStart, this.out);
  }

  /** Reads into another buffer, when none of the input is left and no read is under way; 0 when nothing came. */
  async readInto(buffer: Uint8Array): Promise<number> {
    try {
      const count = await this.connection.read(buffer);
      if (count !== null) return count;
      this.#stop(ENDED);
    } catch (cause) {
      this.#stop({ kind: "failed", cause });
    }
    return 0;
  }

  /** Puts back what was read beyond a body by {@linkcode readInto}: the wire is empty then. */
  unread(octets: Uint8Array): void {
    while (octets.length > this.#limit) this.#resize(this.#limit * 2);
    this.bytes.set(octets, 0);
    this.start = 0;
    this.end = octets.length;
  }

  /**
   * Writes all of it; one write at a time. Never rejects.
   *
   * @returns whether it was written; when not, {@linkcode state} tells why
   */
  write(octets: Uint8Array): Promise<boolean> {
    this.#writing = octets;
    return this.connection.write(octets).then(this.#onWritten, this.#onWriteFailed);
  }

  /** Ends this side, so that the other knows that nothing more comes. Never rejects. */
  async endWrite(): Promise<void> {
    try {
      await this.connection.closeWrite();
    } catch (cause) {
      this.#stop({ kind: "failed", cause });
    }
  }

  /** Closes the socket at once; what is under way ends. */
  cut(): void {
    if (this.#state === CUT) return;
    const stopped = this.#state;
    this.#state = CUT;
    this.onEnd = undefined;
    this.deadline = Infinity;
    try {
      this.connection.close();
    } catch (cause) {
      if (stopped === OPEN) this.#state = { kind: "failed", cause };
    }
  }

  expire(): void {
    this.onExpire?.();
  }

  // A request takes two reads and two writes. As methods bound once they cost a promise each, which `async` would double.
  #read(): Promise<boolean> {
    const { end } = this;
    const room = end === 0 ? this.#input : this.bytes.subarray(end, this.#limit);
    this.#room = room;
    return this.connection.read(room).then(this.#onRead, this.#onReadFailed);
  }

  readonly #onRead = (count: number | null): boolean => {
    this.#pending = undefined;
    if (count === null) {
      this.#stop(ENDED);
      return false;
    }
    // The buffer may have been replaced by a larger one meanwhile.
    if (this.#room.buffer !== this.bytes.buffer) this.bytes.set(this.#room.subarray(0, count), this.end);
    this.end += count;
    return true;
  };

  readonly #onWritten = (count: number): boolean | Promise<boolean> => {
    return count === this.#writing.length || this.write(this.#writing.subarray(count));
  };

  readonly #onReadFailed = (cause: unknown): boolean => {
    this.#pending = undefined;
    this.#stop({ kind: "failed", cause });
    return false;
  };

  readonly #onWriteFailed = (cause: unknown): boolean => {
    this.#stop({ kind: "failed", cause });
    return false;
  };

  #stop(state: WireEnd): void {
    if (this.#state !== OPEN) return;
    this.#state = state;
    this.onEnd?.();
  }

  #resize(limit: number): void {
    const bytes = new Uint8Array(limit * 2 + this.#sizes.growth);
    bytes.set(this.bytes.subarray(0, Math.min(this.end, limit)));
    this.bytes = bytes;
    this.#limit = limit;
    this.#input = bytes.subarray(0, limit);
    this.outStart = this.out = limit;
  }
}
