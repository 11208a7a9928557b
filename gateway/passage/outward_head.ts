import { FieldNames, fromLatin1, latin1, type ResponseHead, type Wire } from "@flotilla/balancer";
import { REQUEST_ID_HEADER } from "@flotilla/runtime";
import { isPackable, isWorthPacking } from "../compression.ts";
import { INTERNAL_PREFIX, KEPT_INSIDE, SERVED_BY, UPSTREAM_SERVED_BY } from "../outward_answer.ts";
import { SECURITY_NAMES, securityFields } from "../security_fields.ts";

/** What an answer gets on its way outwards. */
export interface OutwardAdditions {
  readonly requestId: Uint8Array;
  /** The client came over TLS. */
  readonly secure: boolean;
  /** Fields that tell of limits. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** What is done with a field of an inner answer. */
type Fate = "kept" | "dropped" | "renamed" | "type" | "date" | "length";

/** Fields of which the listener has the say, since it frames the answer. */
const FRAMING = "transfer-encoding";
const OWN = [REQUEST_ID_HEADER, "ratelimit", "ratelimit-policy", "strict-transport-security"];
const FATES: ReadonlyMap<string, Fate> = new Map<string, Fate>([
  ...[...KEPT_INSIDE, UPSTREAM_SERVED_BY, ...OWN].filter((name) => name !== FRAMING)
    .map((name) => [name, "dropped"] as const),
  ...SECURITY_NAMES.map((name) => [name, "kept"] as const),
  ["content-type", "type"],
  ["content-length", "length"],
  ["date", "date"],
  [SERVED_BY, "renamed"],
]);
const NAMES = new FieldNames([...FATES.keys()]);
const FATE_OF: readonly Fate[] = [...FATES.values()];
/** The bit of each name in the sets of names that were seen. */
const BIT_OF: readonly number[] = NAMES.names.map((name) => 1 << SECURITY_NAMES.indexOf(name));
const PREFIX = fromLatin1(INTERNAL_PREFIX);
const UPSTREAM_SERVED_BY_NAME = fromLatin1(`${UPSTREAM_SERVED_BY}:`);
const VARY = fromLatin1("vary: accept-encoding\r\n");
const X = 0x78;
const ONE = 0x31;
/** Room for the lines that are added, but for those of limits. */
const ROOM = 1_024;

/**
 * Puts the head of an inner answer together as the client gets it: what {@linkcode outwardAnswer}, `compressed` (of an answer
 * that is not packed), {@linkcode securityFields} and the role's frame make of a response, made of octets.
 */
export class OutwardHead {
  /** Lines of security fields by what an answer has already. */
  readonly #security = new Map<number, Uint8Array>();
  /** What each answer ends with: who answers, and what it depends on besides. */
  readonly #last: Uint8Array;
  readonly #visit = (line: number, colon: number, next: number): void => this.#field(line, colon, next);
  #wire: Wire | undefined;
  #head: ResponseHead | undefined;
  #from = 0;
  #seen = 0;
  #packable = false;
  #dated = false;

  /** @param options.varies whether answers depend on where a page is from */
  constructor({ instance, varies }: { instance: string; varies: boolean }) {
    const vary = varies ? "vary: origin\r\n" : "";
    this.#last = fromLatin1(`${vary}${SERVED_BY}: ${instance}\r\n${REQUEST_ID_HEADER}: `);
  }

  /** Puts it behind what `wire` has put together; answers whether the content would be worth packing. */
  put(wire: Wire, head: ResponseHead, { requestId, secure, fields }: OutwardAdditions): boolean {
    const limits = lines(fields);
    wire.reserve(head.end - wire.start + requestId.length + limits.length + ROOM);
    this.#wire = wire;
    this.#head = head;
    this.#from = wire.start;
    this.#seen = 0;
    this.#packable = this.#dated = false;
    if (head.minor === 0) wire.bytes[head.minorAt] = ONE;
    head.lines(this.#visit);
    this.#flush(head.end - 2, head.end);
    wire.put(this.#securityLines(secure));
    if (this.#packable) wire.put(VARY);
    if (!this.#dated) wire.putText(`date: ${new Date().toUTCString()}\r\n`);
    wire.putText(limits);
    wire.put(this.#last);
    wire.put(requestId);
    wire.putLineEnd();
    return this.#packable && isWorthPacking(head.contentLength === -1 ? undefined : head.contentLength);
  }

  #field(line: number, colon: number, next: number): void {
    const { bytes } = this.#wire ?? { bytes: PREFIX };
    const index = NAMES.indexOf(bytes, line, colon);
    if (this.#isNominated(line, colon)) return this.#flush(line, next);
    if (index === -1) {
      if (isInternal(bytes, line, colon)) this.#flush(line, next);
      return;
    }
    switch (FATE_OF[index]) {
      case "dropped":
        return this.#flush(line, next);
      case "renamed":
        this.#flush(line, next);
        this.#wire?.put(UPSTREAM_SERVED_BY_NAME);
        return this.#wire?.copy(colon + 1, next);
      case "type":
        this.#packable = isPackable(latin1(bytes, colon + 1, next - 2).trim());
        return;
      case "date":
        this.#dated = true;
        return;
      case "length":
        // RFC 9110, section 8.6.
        if (this.#head?.status === 204) this.#flush(line, next);
        return;
      case "kept":
        this.#seen |= BIT_OF[index] ?? 0;
    }
  }

  /** Copies what stands before a line that is not passed on as it came. */
  #flush(line: number, next: number): void {
    if (line > this.#from) this.#wire?.copy(this.#from, line);
    this.#from = next;
  }

  /** Whether `Connection` names the field (RFC 9110, section 7.6.1). */
  #isNominated(line: number, colon: number): boolean {
    const nominated = this.#head?.nominated ?? [];
    if (nominated.length === 0 || this.#wire === undefined) return false;
    return nominated.includes(latin1(this.#wire.bytes, line, colon).toLowerCase());
  }

  #securityLines(secure: boolean): Uint8Array {
    const seen = this.#seen;
    const key = secure ? -1 - seen : seen;
    let octets = this.#security.get(key);
    if (octets === undefined) {
      const has = (name: string) => (seen & 1 << SECURITY_NAMES.indexOf(name)) !== 0;
      this.#security.set(key, octets = fromLatin1(lines(securityFields({ has, secure }))));
    }
    return octets;
  }
}

function isInternal(bytes: Uint8Array, line: number, colon: number): boolean {
  if (((bytes[line] ?? 0) | 0x20) !== X || colon - line < PREFIX.length) return false;
  return latin1(bytes, line, line + PREFIX.length).toLowerCase() === INTERNAL_PREFIX;
}

function lines(fields: readonly (readonly [name: string, value: string])[]): string {
  let text = "";
  for (const [name, value] of fields) text += `${name}: ${value}\r\n`;
  return text;
}
