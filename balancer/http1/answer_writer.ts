import { chunk, lastChunk } from "./answer_framing.ts";
import type { ClientSide } from "./client_side.ts";
import type { Deadlines } from "./deadlines.ts";
import { concat, responseHead } from "./own_answer.ts";

/** What an {@linkcode AnswerWriter} works with. */
export interface AnswerWriterOptions {
  readonly client: ClientSide;
  readonly deadlines: Deadlines;
  /** Milliseconds that the client has to take a piece. */
  readonly idle: number;
}

type Bytes = Uint8Array<ArrayBuffer>;
type Piece = ReadableStreamReadResult<Bytes>;

/** How the end of an answer's content is told (RFC 9112, section 6.3). */
type ContentFraming =
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" };

/** So many turns a piece may take that counts as being there: more than a stream over a stream over bytes takes. */
const TURNS = 32;

/**
 * Writes a response of the Fetch standard as HTTP/1.1: its content piece by piece as the client takes it, the head together
 * with the first piece when that is there, otherwise at once.
 */
export class AnswerWriter {
  readonly #options: AnswerWriterOptions;
  #reader: ReadableStreamDefaultReader<Bytes> | undefined;
  #left = false;

  constructor(options: AnswerWriterOptions) {
    this.#options = options;
  }

  /** The client has left: no more of the content is asked for. */
  cancel(): void {
    this.#left = true;
    void this.#reader?.cancel().catch(() => {});
  }

  /** Answers whether all of it was written. */
  async write(response: Response): Promise<boolean> {
    const { status, body, headers } = response;
    const { client } = this.#options;
    client.status = status;
    if (headers.get("connection")?.toLowerCase() === "close") client.persistent = false;
    const bodiless = client.head.method === "HEAD" || status === 204 || status === 304;
    if (!bodiless && body !== null) return await this.#writeContent(response, body.getReader());
    void body?.cancel().catch(() => {});
    return await this.#send(this.#head(response, bodiless ? lengthLine(response) : "content-length: 0\r\n"));
  }

  async #writeContent(response: Response, reader: ReadableStreamDefaultReader<Bytes>): Promise<boolean> {
    this.#reader = reader;
    if (this.#left) return this.#giveUp();
    try {
      const first = reader.read();
      const there = await settled(first);
      const next = there === undefined || there.done ? first : reader.read();
      const only = there === undefined || there.done ? undefined : await settled(next);
      const framing = this.#framing(response, there, only);
      const head = this.#head(response, framingLine(framing));
      if (there === undefined) return await this.#send(head) && await this.#pass(first, framing, 0);
      if (there.done) return await this.#send(head, end(framing)) && isWhole(framing, 0);
      const { value, value: { length } } = there;
      if (isTooLong(framing, length)) return this.#giveUp();
      return await this.#send(head, framed(value, framing)) && await this.#pass(next, framing, length);
    } catch {
      // The content broke off. What the client has is incomplete, and only a connection that breaks off tells it so.
      return this.#giveUp();
    }
  }

  /** Moves the rest of the content; `passed` octets of it were sent. */
  async #pass(next: Promise<Piece>, framing: ContentFraming, passed: number): Promise<boolean> {
    for (let piece = await next;; piece = await this.#read()) {
      if (piece.done) break;
      passed += piece.value.length;
      if (isTooLong(framing, passed)) return this.#giveUp();
      if (!(await this.#send(framed(piece.value, framing)))) return this.#giveUp();
    }
    if (this.#left || !isWhole(framing, passed)) return false;
    const last = end(framing);
    return last.length === 0 || await this.#send(last);
  }

  async #read(): Promise<Piece> {
    return await this.#reader?.read() ?? { done: true };
  }

  #framing(response: Response, first: Piece | undefined, second: Piece | undefined): ContentFraming {
    const { client } = this.#options;
    const given = givenLength(response);
    if (given !== undefined) return { kind: "length", length: given };
    if (first?.done) return { kind: "length", length: 0 };
    if (first !== undefined && second?.done) return { kind: "length", length: first.value.length };
    if (client.head.minor === 1) return { kind: "chunked" };
    client.persistent = false;
    return { kind: "close" };
  }

  #head(response: Response, framing: string): Bytes {
    const { persistent, head: { minor } } = this.#options.client;
    const connection = persistent
      ? minor === 1 ? "" : "connection: keep-alive\r\n"
      : minor === 1
      ? "connection: close\r\n"
      : "";
    this.#options.client.answered = true;
    return responseHead(response, framing + connection);
  }

  async #send(...parts: [Bytes] | [Bytes, Bytes]): Promise<boolean> {
    const { client: { wire }, deadlines, idle } = this.#options;
    const [first, second] = parts;
    const octets = second === undefined || second.length === 0 ? first : concat(first, second);
    if (octets.length === 0) return true;
    wire.deadline = deadlines.now + idle;
    const written = await wire.write(octets);
    wire.deadline = Infinity;
    return written;
  }

  #giveUp(): false {
    void this.#reader?.cancel().catch(() => {});
    return false;
  }
}

/** What a promise holds when that is there within a few turns of the microtask queue; `undefined` otherwise. */
async function settled<T>(promise: Promise<T>): Promise<T | undefined> {
  let value: { readonly is: T } | undefined;
  void promise.then((is) => value = { is }, () => {});
  for (let turn = 0; turn < TURNS && value === undefined; turn++) await Promise.resolve();
  return value?.is;
}

/** The `Content-Length` that was given; what is no length counts for nothing (RFC 9110, section 8.6). */
function givenLength({ headers }: Response): number | undefined {
  const given = headers.get("content-length");
  return given !== null && /^\d{1,15}$/.test(given) ? Number(given) : undefined;
}

/** The field for an answer that has no content, which tells how much another answer has. */
function lengthLine(response: Response): string {
  const given = givenLength(response);
  return given === undefined || response.status === 204 ? "" : `content-length: ${given}\r\n`;
}

function framingLine(framing: ContentFraming): string {
  switch (framing.kind) {
    case "length":
      return `content-length: ${framing.length}\r\n`;
    case "chunked":
      return "transfer-encoding: chunked\r\n";
    case "close":
      return "";
  }
}

function framed(bytes: Bytes, framing: ContentFraming): Bytes {
  return framing.kind === "chunked" ? chunk(bytes, 0, bytes.length) : bytes;
}

function end(framing: ContentFraming): Bytes {
  return framing.kind === "chunked" ? lastChunk() : new Uint8Array(0);
}

/** Whether there is more content than was told: the client would take the rest for the answer to its next request. */
function isTooLong(framing: ContentFraming, passed: number): boolean {
  return framing.kind === "length" && passed > framing.length;
}

function isWhole(framing: ContentFraming, passed: number): boolean {
  return framing.kind !== "length" || passed === framing.length;
}
