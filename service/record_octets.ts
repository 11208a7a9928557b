import { dateLine, fromLatin1, type RequestHead, type Wire } from "@flotilla/balancer/host";
import { type CacheFields, cacheFields } from "./cache_status.ts";
import type { Found } from "./tiered_cache.ts";
import type { WrittenRecord } from "./written_record.ts";

/** Room for the octets of a length, a tag and two line ends. */
const ROOM = 64;
const CONTENT_END = fromLatin1("}");
const BEFORE_LENGTH = fromLatin1("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ");
const BEFORE_TAG = fromLatin1('\r\netag: "');

/** Writes answers with a record that was found in one place, by octets: what `recordAnswer` makes as a response. */
export class RecordOctets {
  readonly #fields: Uint8Array;
  readonly #contentStart: Uint8Array;
  readonly #size: number;

  constructor(fields: CacheFields, { cached, instance }: { cached: boolean; instance: string }) {
    const lines = Object.entries({ ...fields, "x-served-by": instance })
      .map(([name, value]) => `${name}: ${value}\r\n`).join("");
    this.#fields = fromLatin1(`"\r\n${lines}x-request-id: `);
    this.#contentStart = fromLatin1(`{"cached":${cached},"data":`);
    this.#size = ROOM + BEFORE_LENGTH.length + BEFORE_TAG.length + this.#fields.length;
  }

  /** Octets of content that an answer with the record has. */
  contentLength({ bytes }: WrittenRecord): number {
    return this.#contentStart.length + bytes + CONTENT_END.length;
  }

  /** Makes room for all of the answer, and puts its status line and fields. */
  putHead(wire: Wire, record: WrittenRecord, { requestIdStart, requestIdEnd }: RequestHead): void {
    const length = this.contentLength(record);
    const date = dateLine();
    wire.reserve(this.#size + requestIdEnd - requestIdStart + date.length + length);
    wire.put(BEFORE_LENGTH);
    wire.putText(String(length));
    wire.put(BEFORE_TAG);
    wire.putText(String(record.version));
    wire.put(this.#fields);
    wire.copy(requestIdStart, requestIdEnd);
    wire.putLineEnd();
    wire.put(date);
  }

  putContent(wire: Wire, { text }: WrittenRecord): void {
    wire.put(this.#contentStart);
    wire.putUtf8(text);
    wire.put(CONTENT_END);
  }
}

/** The octets of one service for each place where a record may be found: there are few. */
export class RecordOctetsByPlace {
  /** For what the near cache has. */
  readonly near: RecordOctets;
  readonly #instance: string;
  readonly #others = new Map<string, RecordOctets>();

  constructor(instance: string) {
    this.#instance = instance;
    this.near = this.of({ value: undefined, layer: "near", age: 0, stored: false, collapsed: false });
  }

  /** Those for what was found so, and is not out of date. */
  of(found: Found<unknown>): RecordOctets {
    const fields = cacheFields(found);
    const name = fields["cache-status"];
    let octets = this.#others.get(name);
    if (octets === undefined) {
      octets = new RecordOctets(fields, { cached: found.layer !== "database", instance: this.#instance });
      this.#others.set(name, octets);
    }
    return octets;
  }
}
