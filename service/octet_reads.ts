import { ASSERTION_HEADER, type Caller, type Principal } from "@flotilla/auth/verify";
import {
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
import type { DataEnvironment } from "./data_environment.ts";
import { maySee, requireSeen } from "./access.ts";
import { isRecordId } from "./record_id.ts";
import { type RecordOctets, RecordOctetsByPlace } from "./record_octets.ts";
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

/** What the reads of one service share. */
interface Shared extends OctetReadsOptions {
  readonly octets: RecordOctetsByPlace;
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
    this.#shared = { ...options, octets: new RecordOctetsByPlace(options.instance) };
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
  #given: { readonly record: WrittenRecord; readonly octets: RecordOctets } | undefined;

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
    return this.#given?.octets.contentLength(this.#given.record) ?? 0;
  }

  putHead(wire: Wire, head: RequestHead): void {
    this.#given?.octets.putHead(wire, this.#given.record, head);
  }

  putContent(wire: Wire): void {
    this.#given?.octets.putContent(wire, this.#given.record);
  }

  /** The end of the log is known: nearly always the near cache has the record. */
  #fenced(): OctetAnswer | Response | Promise<OctetAnswer | Response> {
    const { environment: { records }, octets } = this.#shared;
    const record = records.near(this.#id);
    if (record === undefined || !maySee(this.#principal, record)) return this.#read();
    return this.#give(record, octets.near);
  }

  async #read(): Promise<OctetAnswer | Response> {
    const { environment: { records }, octets } = this.#shared;
    try {
      const found = await records.read(this.#id, FENCED);
      return this.#give(requireSeen(this.#principal, this.#id, found.value), octets.of(found));
    } catch (thrown) {
      return this.#refuse(thrown);
    }
  }

  #give(record: WrittenRecord, octets: RecordOctets): OctetAnswer {
    this.#given = { record, octets };
    this.#leave(this.status);
    return this;
  }

  #refuse(thrown: unknown): Response {
    const response = this.#shared.role.frame.refuse(asProblem(thrown), this, this);
    this.#leave(response.status);
    return response;
  }
}

const FENCED = { fenced: true };
