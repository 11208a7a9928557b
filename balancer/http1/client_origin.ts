import type { AddressList } from "../address_list.ts";
import { clientAddress, forwardedFields, type ForwardingFields } from "../forwarded.ts";
import { type KnownOctets, KnownOctetsByPeer } from "./known_octets.ts";
import { ascii, equals, fromLatin1, latin1 } from "./octets.ts";
import { REQUEST_ID_NAME } from "./request_composer.ts";
import type { RequestHead } from "./request_head.ts";

const NOTHING: ForwardingFields = { for: undefined, proto: undefined, host: undefined, forwarded: undefined };
const NO_HOST = new Uint8Array(0);
const NAMES = {
  for: ascii("x-forwarded-for"),
  proto: ascii("x-forwarded-proto"),
  host: ascii("x-forwarded-host"),
  forwarded: ascii("forwarded"),
};

/** What {@linkcode ClientOrigin} goes by. */
export interface ClientOriginOptions {
  /** The address at the other end; `undefined` when it has none. */
  readonly peer: string | undefined;
  readonly protocol: "http" | "https";
  /** Whose forwarding fields are believed. */
  readonly trusted: AddressList;
  /** Our name in `Via`. */
  readonly pseudonym: string;
  /** Lines made before, shared by the connections of one listener. */
  readonly cache: OriginCache;
}

/** Lines that were made before. */
export class OriginCache {
  /** By peer and host. */
  readonly plain: Map<string, Uint8Array<ArrayBuffer>> = new Map();
  /** Those of requests that a trusted proxy has forwarded, by what it says of their origin. */
  readonly forwarded: KnownOctetsByPeer<Uint8Array<ArrayBuffer>> = new KnownOctetsByPeer();
}

/** Clients send any host they like: so many lines are kept, and then all are forgotten. */
const CACHE_SIZE = 1_024;

/**
 * The lines that a request gets on its way because of where it came from: `X-Forwarded-*`, `Forwarded` and `Via`. Requests of one
 * connection ask for the same host nearly always, so that the lines are kept as octets and copied.
 */
export class ClientOrigin {
  readonly #options: ClientOriginOptions;
  /** Whether the connection is a proxy's whose word counts. */
  readonly trusted: boolean;
  /** Lines of requests that it has forwarded. */
  readonly #forwarded: KnownOctets<Uint8Array<ArrayBuffer>> | undefined;
  #host = NO_HOST;
  #lines: Uint8Array<ArrayBuffer> | undefined;

  constructor(options: ClientOriginOptions) {
    this.#options = options;
    const { peer, trusted, cache } = options;
    this.trusted = peer !== undefined && trusted.includes(peer);
    if (peer !== undefined && this.trusted) this.#forwarded = cache.forwarded.of(peer);
  }

  /** The address at the other end; `undefined` when it has none. */
  get peer(): string | undefined {
    return this.#options.peer;
  }

  get protocol(): "http" | "https" {
    return this.#options.protocol;
  }

  /** The lines for a request, each with its end, and the name of the field that the request's id is to follow. */
  lines(bytes: Uint8Array<ArrayBuffer>, head: RequestHead): Uint8Array<ArrayBuffer> {
    const { hostStart, hostEnd, minor } = head;
    if (minor === 0) return this.#read(bytes, head);
    if (head.forwarded && this.#forwarded !== undefined) {
      return this.#forwarded.get(bytes, head.originSpans, () => this.#read(bytes, head));
    }
    if (this.#lines === undefined || !equals(bytes, hostStart, hostEnd, this.#host)) {
      this.#host = bytes.slice(hostStart, hostEnd);
      this.#lines = this.#shared(hostOf(bytes, head));
    }
    return this.#lines;
  }

  /** The client's address, which the connection's is not when a trusted proxy made it. */
  address(bytes: Uint8Array, head: RequestHead): string | undefined {
    const { peer, trusted } = this.#options;
    if (!head.forwarded || !this.trusted) return peer;
    return clientAddress(peer, { forwardedFor: head.text(bytes, NAMES.for), trusted });
  }

  #read(bytes: Uint8Array, head: RequestHead): Uint8Array<ArrayBuffer> {
    return this.#build(hostOf(bytes, head), { came: came(bytes, head), minor: head.minor });
  }

  #shared(host: string | undefined): Uint8Array<ArrayBuffer> {
    const { peer, cache } = this.#options;
    const key = `${peer} ${host}`;
    let lines = cache.plain.get(key);
    if (lines === undefined) {
      if (cache.plain.size >= CACHE_SIZE) cache.plain.clear();
      cache.plain.set(key, lines = this.#build(host, { came: NOTHING, minor: 1 }));
    }
    return lines;
  }

  #build(host: string | undefined, head: Readonly<{ came: ForwardingFields; minor: number }>) {
    const { peer, protocol, trusted, pseudonym } = this.#options;
    const fields = forwardedFields({ peer, protocol, host }, { came: head.came, trusted });
    // The version is the one that the request came in (RFC 9110, section 7.6.3).
    let lines = `Via: 1.${head.minor} ${pseudonym}\r\n`;
    if (fields.for !== undefined) lines += `X-Forwarded-For: ${fields.for}\r\n`;
    if (fields.proto !== undefined) lines += `X-Forwarded-Proto: ${fields.proto}\r\n`;
    if (fields.host !== undefined) lines += `X-Forwarded-Host: ${fields.host}\r\n`;
    if (fields.forwarded !== undefined) lines += `Forwarded: ${fields.forwarded}\r\n`;
    lines += REQUEST_ID_NAME;
    return fromLatin1(lines);
  }
}

function came(bytes: Uint8Array, head: RequestHead): ForwardingFields {
  return {
    for: head.text(bytes, NAMES.for),
    proto: head.text(bytes, NAMES.proto),
    host: head.text(bytes, NAMES.host),
    forwarded: head.text(bytes, NAMES.forwarded),
  };
}

function hostOf(bytes: Uint8Array, head: RequestHead): string | undefined {
  return head.hostEnd === 0 ? undefined : latin1(bytes, head.hostStart, head.hostEnd);
}
