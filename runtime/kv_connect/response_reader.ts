import { Buffer } from "node:buffer";

/** What the head of an answer says that a client of a store needs. */
export interface ResponseHead {
  readonly status: number;
  /** Bytes of the content, or how else its end is found. */
  readonly length: number | "chunked";
  /** Whether the connection may be used again. */
  readonly reusable: boolean;
  /** Whether there is a `retry-after`. */
  readonly retryLater: boolean;
}

/** Where an answer goes as it comes. */
export interface ResponseSink {
  head(head: ResponseHead): void;
  /** A part of the content, a view that lasts as long as the call. */
  content(bytes: Uint8Array): void;
  /** The answer is whole. */
  end(): void;
}

/** Bytes that are no answer of HTTP/1.1, or one whose end is in doubt. */
export class ResponseError extends Error {
  override readonly name = "ResponseError";
}

/** Bytes of a head, of the line before a chunk, and of all trailers, at most. */
const MAX_HEAD = 16_384;
const CR = 0x0d;
const LF = 0x0a;
const EMPTY = new Uint8Array();

type Part = "head" | "content" | "chunk-size" | "chunk" | "chunk-end" | "trailers";

/** Reads the answers of one connection (RFC 9112), one after another, strictly: what is ambiguous is refused. */
export class ResponseReader {
  readonly #sink: ResponseSink;
  #part: Part = "head";
  /** Bytes of the content, or of the chunk, that are still to come. */
  #left = 0;
  /** The beginning of what has not come whole. */
  #rest: Uint8Array = EMPTY;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  /**
   * Takes what has arrived.
   *
   * @throws {ResponseError} when it is no answer
   */
  push(chunk: Uint8Array): void {
    let bytes = this.#rest.length === 0 ? chunk : concatenate(this.#rest, chunk);
    this.#rest = EMPTY;
    while (bytes.length > 0) {
      const used = this.#read(bytes);
      if (used === 0) {
        if (bytes.length > MAX_HEAD) throw new ResponseError("The head of an answer is too long");
        this.#rest = bytes.slice();
        return;
      }
      bytes = bytes.subarray(used);
    }
  }

  /** How many bytes were used; 0 when more have to come first. */
  #read(bytes: Uint8Array): number {
    switch (this.#part) {
      case "head":
        return this.#readHead(bytes);
      case "content":
      case "chunk":
        return this.#readContent(bytes);
      case "chunk-end":
        return this.#readLine(bytes, (line) => {
          if (line !== "") throw new ResponseError("A chunk is longer than it said");
          this.#part = "chunk-size";
        });
      case "chunk-size":
        return this.#readLine(bytes, (line) => this.#beginChunk(line));
      case "trailers":
        return this.#readLine(bytes, (line) => line === "" && this.#end());
    }
  }

  #readHead(bytes: Uint8Array): number {
    const end = endOfHead(bytes);
    if (end === 0) return 0;
    const head = parseHead(textOf(bytes, end - 4));
    // An answer that is only on the way (RFC 9110, section 15.2).
    if (head.status < 200) return end;
    this.#sink.head(head);
    if (head.length === "chunked") this.#part = "chunk-size";
    else if (head.length === 0) this.#end();
    else {
      this.#part = "content";
      this.#left = head.length;
    }
    return end;
  }

  #readContent(bytes: Uint8Array): number {
    const count = Math.min(this.#left, bytes.length);
    this.#sink.content(bytes.length === count ? bytes : bytes.subarray(0, count));
    this.#left -= count;
    if (this.#left > 0) return count;
    if (this.#part === "chunk") this.#part = "chunk-end";
    else this.#end();
    return count;
  }

  #readLine(bytes: Uint8Array, take: (line: string) => void): number {
    const feed = bytes.indexOf(LF);
    if (feed === -1) return 0;
    if (bytes[feed - 1] !== CR) throw new ResponseError("A line of an answer ends without CR");
    take(textOf(bytes, feed - 1));
    return feed + 1;
  }

  #beginChunk(line: string): void {
    const size = /^([0-9a-f]{1,8})(?:[ \t]*;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw new ResponseError("A chunk does not say how long it is");
    this.#left = Number.parseInt(size, 16);
    this.#part = this.#left === 0 ? "trailers" : "chunk";
  }

  #end(): void {
    this.#part = "head";
    this.#sink.end();
  }
}

/** Where the head ends, with the empty line behind it; 0 when that has not come. */
function endOfHead(bytes: Uint8Array): number {
  for (let feed = bytes.indexOf(LF); feed !== -1; feed = bytes.indexOf(LF, feed + 1)) {
    if (bytes[feed + 1] === CR && bytes[feed + 2] === LF && bytes[feed - 1] === CR) return feed + 3;
  }
  return 0;
}

function parseHead(text: string): ResponseHead {
  const [start = "", ...lines] = text.split("\r\n");
  const [, minor, code] = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(start) ?? [];
  if (code === undefined) throw new ResponseError("An answer does not begin as one of HTTP/1.1");
  const status = Number(code);
  const fields = new Fields(lines);
  const persistent = minor === "1" && !fields.has("connection", "close");
  const empty = status < 200 || status === 204 || status === 304;
  return {
    status,
    length: empty ? 0 : fields.length(),
    reusable: persistent,
    retryLater: fields.get("retry-after") !== undefined,
  };
}

const NAMES = ["connection", "content-length", "retry-after", "transfer-encoding"] as const;
type Name = typeof NAMES[number];

/** The fields of a head that matter here. */
class Fields {
  readonly #values = new Map<string, string>();

  constructor(lines: readonly string[]) {
    for (const line of lines) {
      const colon = line.indexOf(":");
      if (colon < 1) throw new ResponseError("A field of an answer has no name");
      const name = line.slice(0, colon).toLowerCase();
      if (!NAMES.some((known) => known === name)) continue;
      const before = this.#values.get(name);
      const value = line.slice(colon + 1).trim();
      this.#values.set(name, before === undefined ? value : `${before}, ${value}`);
    }
  }

  get(name: Name): string | undefined {
    return this.#values.get(name);
  }

  has(name: Name, token: string): boolean {
    return this.get(name)?.toLowerCase().split(/[ \t]*,[ \t]*/).includes(token) ?? false;
  }

  /** How long the content is (RFC 9112, section 6.3); one that ends with the connection could be cut off unseen. */
  length(): number | "chunked" {
    const coding = this.get("transfer-encoding");
    const length = this.get("content-length");
    if (coding !== undefined) {
      if (coding.toLowerCase() === "chunked" && length === undefined) return "chunked";
      throw new ResponseError("An answer is coded in a way that is not known");
    }
    if (length === undefined || !/^\d{1,15}$/.test(length)) {
      throw new ResponseError("An answer does not say how long it is");
    }
    return Number(length);
  }
}

function textOf(bytes: Uint8Array, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString("latin1");
}

function concatenate(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}
