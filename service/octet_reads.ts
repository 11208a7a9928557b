import { ASSERTION_HEADER, type Caller, type Principal } from "@flotilla/auth/verify";
import {
  dateLine,
  type Door,
  fromLatin1,
  HeadFields,
  type Knock,
  KnockContext,
  KnownOctets,
  latin1,
  type OctetAnswer,
  type Reply,
  type RequestHead,
  type Wire,
} from "@flotilla/balancer/host";
import { asProblem, type FramedRole, type RequestLine } from "@flotilla/runtime";
import { cacheFields } from "./cache_status.ts";
import type { DataEnvironment } from "./data_environment.ts";
import { answerFound } from "./read_record.ts";
import { maySee } from "./access.ts";
import { isRecordId } from "./record_id.ts";
import type { WrittenRecord } from "./written_record.ts";

/** What {@linkcode OctetReads} works with. */
export interface OctetReadsOptions {
  readonly environment: DataEnvironment;
  readonly role: FramedRole;
  readonly instance: string;
}

const DIRECTORY = fromLatin1("/data/");
/** Fields by which a read becomes more than a plain one. */
const CONDITIONS = ["cache-control", "if-match", "if-none-match"];
const NEAR_HIT = { layer: "near", age: 0, stored: false, collapsed: false } as const;

/** The octets around what each answer has of its own: its length, its tag, the request's id and the record. */
interface Frame {
  readonly length: Uint8Array;
  readonly tag: Uint8Array;
  readonly fields: Uint8Array;
  readonly content: readonly [before: Uint8Array, behind: Uint8Array];
  /** How many they are, with room for the length, the tag and the line ends. */
  readonly size: number;
}

/** What the reads of one service share. */
interface Shared extends OctetReadsOptions {
  readonly octets: Frame;
}

/**
 * Answers plain reads of one record past the Fetch standard: nearly every request of a busy service is one, the record nearly always
 * is in the near cache, and the proof of who is calling was checked before. Whatever is not so goes to the role's `fetch`, which
 * decides by the same functions.
 */
export class OctetReads {
  readonly #shared: Shared;
  readonly #fields = new HeadFields([ASSERTION_HEADER, ...CONDITIONS]);
  readonly #assertions = new KnownOctets<string>();

  constructor(options: OctetReadsOptions) {
    this.#shared = { ...options, octets: frameOf(options.instance) };
  }

  /** The reply to a plain read by a caller who is known; `undefined` for any other request. */
  readonly open: Door["open"] = (knock: Knock): Reply | undefined => {
    const { bytes, head } = knock;
    if (head.method !== "GET" || head.requestIdEnd === 0 || head.expectsContinue) return undefined;
    if (head.upgradeEnd !== 0 || this.#shared.role.draining) return undefined;
    const id = recordId(bytes, head);
    if (id === undefined || !this.#fields.read(bytes, head)) return undefined;
    if (CONDITIONS.some((name) => this.#fields.has(name))) return undefined;
    const caller = this.#caller(bytes);
    if (caller?.kind !== "user" || !caller.principal.rights.includes("data:read")) return undefined;
    return new OctetRead(this.#shared, { knock, id, principal: caller.principal });
  };

  #caller(bytes: Uint8Array): Caller | undefined {
    const span = this.#fields.span(ASSERTION_HEADER);
    if (span === undefined) return undefined;
    const assertion = this.#assertions.get(bytes, [span.colon + 1, span.next - 2], () => {
      return this.#fields.get(ASSERTION_HEADER) ?? undefined;
    });
    return assertion === undefined ? undefined : this.#shared.environment.verifier.peek(assertion);
  }
}

function recordId(bytes: Uint8Array, { pathStart, targetEnd }: RequestHead): string | undefined {
  for (let i = 0; i < DIRECTORY.length; i++) if (bytes[pathStart + i] !== DIRECTORY[i]) return undefined;
  const id = latin1(bytes, pathStart + DIRECTORY.length, targetEnd);
  return isRecordId(id) ? id : undefined;
}

/** Room for two numbers and two line ends. */
const ROOM = 64;

function frameOf(instance: string): Frame {
  const fields = { ...cacheFields({ ...NEAR_HIT, value: undefined }), "x-served-by": instance };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const parts = {
    length: fromLatin1("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "),
    tag: fromLatin1('\r\netag: "'),
    fields: fromLatin1(`"\r\n${lines}x-request-id: `),
  };
  const size = ROOM + parts.length.length + parts.tag.length + parts.fields.length;
  return { ...parts, content: [fromLatin1('{"cached":true,"data":'), fromLatin1("}")], size };
}

/** One read, and its own context. */
class OctetRead extends KnockContext implements Reply, OctetAnswer, RequestLine {
  readonly kind = "reply";
  readonly method = "GET";
  readonly route = "/data/:id";
  readonly status = 200;
  readonly answer: Promise<OctetAnswer | Response>;
  readonly #shared: Shared;
  readonly #id: string;
  readonly #principal: Principal;
  readonly #leave: (status: number) => void;
  #record: WrittenRecord | undefined;

  constructor(shared: Shared, read: { knock: Knock; id: string; principal: Principal }) {
    super({ knock: read.knock, frame: shared.role.frame, instance: shared.instance });
    this.#shared = shared;
    this.#id = read.id;
    this.#principal = read.principal;
    this.#leave = shared.role.frame.enter(this, this);
    this.answer = shared.environment.tail.fence().then(() => this.#fenced(), (error) => this.#refuse(error));
  }

  get url(): string {
    return `http://service/data/${this.#id}`;
  }

  get contentLength(): number {
    const [before, behind] = this.#shared.octets.content;
    return before.length + (this.#record?.bytes ?? 0) + behind.length;
  }

  putHead(wire: Wire, { requestIdStart, requestIdEnd }: RequestHead): void {
    const { length, tag, fields, size } = this.#shared.octets;
    const { contentLength } = this;
    const date = dateLine();
    wire.reserve(size + requestIdEnd - requestIdStart + date.length + contentLength);
    wire.put(length);
    wire.putText(String(contentLength));
    wire.put(tag);
    wire.putText(String(this.#record?.version));
    wire.put(fields);
    wire.copy(requestIdStart, requestIdEnd);
    wire.putLineEnd();
    wire.put(date);
  }

  putContent(wire: Wire): void {
    const [before, behind] = this.#shared.octets.content;
    wire.put(before);
    wire.putUtf8(this.#record?.text ?? "");
    wire.put(behind);
  }

  /** The end of the log is known: nearly always the near cache has the record. */
  #fenced(): OctetAnswer | Response | Promise<OctetAnswer | Response> {
    const record = this.#shared.environment.records.near(this.#id);
    if (record === undefined || !maySee(this.#principal, record)) return this.#read();
    this.#record = record;
    this.#leave(this.status);
    return this;
  }

  async #read(): Promise<Response> {
    const { environment: { records } } = this.#shared;
    const question = { asked: NOTHING, context: this, id: this.#id, principal: this.#principal };
    try {
      const response = answerFound(await records.read(this.#id), question);
      this.#leave(response.status);
      return response;
    } catch (thrown) {
      return this.#refuse(thrown);
    }
  }

  #refuse(thrown: unknown): Response {
    const response = this.#shared.role.frame.refuse(asProblem(thrown), this, this);
    this.#leave(response.status);
    return response;
  }
}

const NOTHING = { get: () => null };
