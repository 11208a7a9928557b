import { BufferPool } from "./buffer_pool.ts";
import type { Connection } from "./connection.ts";
import type { Seat } from "@flotilla/runtime";
import type { Timed } from "./deadlines.ts";
import { CR, LF } from "./octets.ts";
import { READ_TURNS, type Reader, type ReadTurns } from "./read_turns.ts";

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
/** Arrays of wires that have a message too large for their own: to allocate one for each message would keep the collector busy. */
const LARGE = new BufferPool();
const encoder = new TextEncoder();

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
 * There is at most one read under way. A wire whose owner waits for something else keeps reading, notices when the other side
 * leaves, and the same read brings the next message. Reading and writing tell their end by calling back: on the path of every
 * request there is no promise but those of the socket itself.
 */
export class Wire implements Timed, Reader {
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
  seat: Seat<Timed> | undefined;
  waiting = false;
  /** Called when the deadline has passed. */
  onExpire: (() => void) | undefined;
  /** Called when octets came behind {@linkcode end}. */
  onReadable: (() => void) | undefined;
  /** Called when a read under way ends without any: the other side has ended, the socket has failed or was cut. */
  onEnd: (() => void) | undefined;

  readonly #turns: ReadTurns | undefined;
  readonly #sizes: WireSizes;
  readonly #own: Uint8Array<ArrayBuffer>;
  /** The array lent by {@linkcode LARGE}, while {@linkcode bytes} is one. */
  #lent: Uint8Array<ArrayBuffer> | undefined;
  #limit: number;
  /** Where a message begins: in the own array, even while the message before it is in a large one. */
  readonly #input: Uint8Array<ArrayBuffer>;
  /** Where the read under way puts its octets. */
  #room: Uint8Array<ArrayBuffer>;
  #message: Uint8Array<ArrayBuffer>;
  /** What the write under way has left to write. */
  #writing: Uint8Array = NOTHING;
  #reading = false;
  #sending = false;
  #onFilled: ((filled: boolean) => void) | undefined;
  #onSent: ((written: boolean) => void) | undefined;
  #state: WireEnd = OPEN;

  constructor(connection: Connection, sizes: WireSizes) {
    this.connection = connection;
    this.#turns = connection.shared === true ? undefined : READ_TURNS;
    this.#sizes = sizes;
    this.#limit = sizes.input;
    this.bytes = this.#own = new Uint8Array(sizes.input * 2 + sizes.growth);
    this.#input = this.#room = this.bytes.subarray(0, sizes.input);
    this.outStart = this.out = sizes.input;
    this.#message = this.bytes.subarray(sizes.input, sizes.input);
  }

  get state(): WireEnd {
    return this.#state;
  }

  get open(): boolean {
    return this.#state.kind === "open";
  }

  /** Whether a read is under way. */
  get reading(): boolean {
    return this.#reading;
  }

  /** Whether a write under {@linkcode send} is under way. */
  get sending(): boolean {
    return this.#sending;
  }

  /** How many octets were read and not used. */
  get available(): number {
    return this.end - this.start;
  }

  /** Whether there is no room to read more without {@linkcode grow}. */
  get full(): boolean {
    return this.end === this.#limit;
  }

  /** Begins to read behind what is there, unless a read is under way; {@linkcode onReadable} or {@linkcode onEnd} follows. */
  read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#room = this.end === 0 ? this.#input : this.bytes.subarray(this.end, this.#limit);
    this.connection.read(this.#room).then(this.#onRead, this.#onReadFailed);
  }

  /** Reads more behind what is there, or joins the read under way; answers whether anything came. Never rejects. */
  fill(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#onFilled = resolve;
      this.read();
    });
  }

  /** Takes the whole buffer for what comes next, when nothing is left to use and no read is under way. */
  rewind(): void {
    if (!this.#reading && this.start === this.end) this.start = this.end = 0;
  }

  /** Begins to read when nothing is left to use, so that the next message, or the other side's leaving, is noticed. */
  watch(): void {
    if (this.#reading || this.start !== this.end || this.#state !== OPEN) return;
    this.start = this.end = 0;
    this.read();
  }

  /** As {@linkcode watch}, when others had their turn that have something to be read already. */
  watchInTurn(): void {
    if (this.#reading) return;
    if (this.#turns === undefined) this.watch();
    else this.#turns.wait(this);
  }

  /** Its turn has come. Where the socket was cut meanwhile, the read fails, and so whoever waits is told. */
  proceed(): void {
    if (this.open) this.watch();
    else this.read();
  }

  /**
   * Makes room for more input while nothing is being read: moves what is there to the front, or else takes a larger buffer.
   *
   * @returns whether the input was moved
   */
  grow(): boolean {
    if (this.start === 0) {
      this.#enlarge(this.#limit * 2);
      return false;
    }
    this.#moveToFront();
    return true;
  }

  /**
   * Makes room for so many octets behind {@linkcode start}, and answers whether they are there. When they are not, what was parsed of
   * them is parsed again after the next read, since it may have moved.
   */
  holds(octets: number): boolean {
    if (this.available >= octets) return true;
    if (this.start + octets > this.#limit) this.#moveToFront();
    if (octets > this.#limit) this.#enlarge(octets);
    return false;
  }

  /** Takes its own small array again when nothing is in it, so that an idle connection holds no large one. */
  shrink(): void {
    if (this.bytes === this.#own || this.start !== this.end) return;
    if (this.#reading && this.#room.buffer !== this.#own.buffer) return;
    const lent = this.#lent;
    this.start = this.end = 0;
    this.#use(this.#own, this.#sizes.input);
    if (lent !== undefined) LARGE.giveBack(lent);
  }

  /** Makes sure that so many octets can be put behind {@linkcode out}. */
  reserve(octets: number): void {
    if (this.out + octets <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.out + octets, this.bytes.length * 2));
    grown.set(this.bytes);
    // A read under way goes on into the old array; its octets are taken over when it ends.
    this.bytes = grown;
    this.#lent = undefined;
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

  /** Puts a text, whose characters are octets (ISO 8859-1), behind {@linkcode out}. */
  putText(text: string): void {
    for (let i = 0; i < text.length; i++) this.bytes[this.out++] = text.charCodeAt(i);
  }

  /** Puts a text in UTF-8 behind {@linkcode out}. */
  putUtf8(text: string): void {
    this.out += encoder.encodeInto(text, this.bytes.subarray(this.out)).written;
  }

  /** Puts a line end behind {@linkcode out}. */
  putLineEnd(): void {
    this.bytes[this.out++] = CR;
    this.bytes[this.out++] = LF;
  }

  /** Begins to put a message together. */
  compose(): void {
    this.out = this.outStart;
  }

  /** The message that was put together. Messages on one connection are often of one length, so that the last view is kept. */
  get message(): Uint8Array<ArrayBuffer> {
    const { bytes, outStart, out } = this;
    const last = this.#message;
    if (last.length === out - outStart && last.buffer === bytes.buffer) return last;
    return this.#message = bytes.subarray(outStart, out);
  }

  /** Reads into another buffer, when none of the input is left and no read is under way; 0 when nothing came. */
  async readInto(buffer: Uint8Array): Promise<number> {
    this.waiting = false;
    try {
      const count = await this.connection.read(buffer);
      if (count !== null) return count;
      this.#endReading(ENDED);
    } catch (cause) {
      this.#endReading({ kind: "failed", cause });
    }
    return 0;
  }

  /** Puts back what was read beyond a body by {@linkcode readInto}: the wire is empty then. */
  unread(octets: Uint8Array): void {
    if (octets.length > this.#limit) this.#enlarge(octets.length);
    this.bytes.set(octets, 0);
    this.start = 0;
    this.end = octets.length;
  }

  /** Writes all of it and calls back, with whether it was written. One write at a time. */
  send(octets: Uint8Array, onSent: (written: boolean) => void): void {
    this.#writing = octets;
    this.#onSent = onSent;
    this.#sending = true;
    this.connection.write(octets).then(this.#onWritten, this.#onWriteFailed);
  }

  /** Writes all of it; answers whether it was written. One write at a time. Never rejects. */
  write(octets: Uint8Array): Promise<boolean> {
    return new Promise((resolve) => this.send(octets, resolve));
  }

  /** Ends this side, so that the other knows that nothing more comes. Never rejects. */
  async endWrite(): Promise<void> {
    try {
      await this.connection.closeWrite();
    } catch (cause) {
      if (this.#state === OPEN) this.#state = { kind: "failed", cause };
    }
  }

  /** Closes the socket at once; what is under way ends. */
  cut(): void {
    if (this.#state === CUT) return;
    const stopped = this.#state;
    this.#state = CUT;
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

  readonly #onRead = (count: number | null): void => {
    this.#turns?.count();
    if (count === null) return this.#endReading(ENDED);
    this.#reading = false;
    // The buffer may be, or have become, a larger one.
    if (this.#room.buffer !== this.bytes.buffer) this.bytes.set(this.#room.subarray(0, count), this.end);
    this.end += count;
    const onFilled = this.#onFilled;
    if (onFilled === undefined) return this.onReadable?.();
    this.#onFilled = undefined;
    onFilled(true);
  };

  readonly #onReadFailed = (cause: unknown): void => this.#endReading({ kind: "failed", cause });

  readonly #onWritten = (count: number): void => {
    if (count === this.#writing.length) {
      this.#sending = false;
      return this.#onSent?.(true);
    }
    this.#writing = this.#writing.subarray(count);
    this.connection.write(this.#writing).then(this.#onWritten, this.#onWriteFailed);
  };

  readonly #onWriteFailed = (cause: unknown): void => {
    if (this.#state === OPEN) this.#state = { kind: "failed", cause };
    this.#sending = false;
    this.#onSent?.(false);
  };

  #endReading(state: WireEnd): void {
    this.#reading = false;
    if (this.#state === OPEN) this.#state = state;
    this.#onFilled?.(false);
    this.#onFilled = undefined;
    this.onEnd?.();
  }

  #moveToFront(): void {
    this.bytes.copyWithin(0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
  }

  /** Takes an array with room for so many octets of input at least, with what was read in it. */
  #enlarge(octets: number): void {
    const { growth } = this.#sizes;
    const read = this.bytes.subarray(0, this.end);
    const before = this.#lent;
    const lent = octets * 2 + growth <= LARGE.size && before === undefined ? LARGE.borrow() : undefined;
    const bytes = lent ?? new Uint8Array(octets * 2 + growth);
    bytes.set(read);
    this.#use(bytes, (bytes.length - growth) >> 1);
    this.#lent = lent;
    if (before !== undefined) LARGE.giveBack(before);
  }

  #use(bytes: Uint8Array<ArrayBuffer>, limit: number): void {
    this.bytes = bytes;
    this.#lent = undefined;
    this.#limit = limit;
    this.outStart = this.out = limit;
    this.#message = bytes.subarray(limit, limit);
  }
}
