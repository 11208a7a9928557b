import { ASSERTION_HEADER } from "@flotilla/auth/verify";
import {
  type AddressList,
  addressList,
  forwardedFields,
  fromLatin1,
  type HeadFields,
  type RequestHead,
  type Wire,
} from "@flotilla/balancer";
import { REQUEST_ID_HEADER, TIMEOUT_HEADER, type TraceContext, traceparent } from "@flotilla/runtime";
import { PASSED_INWARDS } from "../inward_fields.ts";
import type { Route } from "../route.ts";

/** What a request says inwards besides what the client said. */
export interface InwardAdditions {
  readonly route: Route;
  /** Proof of who is calling. */
  readonly assertion: string;
  /** The client's, as far as trusted proxies tell. */
  readonly address: string | undefined;
  readonly trace: TraceContext;
}

/** How many lines of a kind are remembered; then all of that kind are forgotten. */
const REMEMBERED = 4_096;
const REQUEST_ID = fromLatin1(`${REQUEST_ID_HEADER}: `);
const TRACEPARENT = fromLatin1("traceparent: ");
/** Room for the trace and for an id that is made here. */
const ROOM = 256;
const NOTHING = { for: undefined, proto: undefined, host: undefined, forwarded: undefined };
const NOBODY: AddressList = addressList([]);

/**
 * Puts the head of a call to an inner role together from the octets of the client's: what `inwardFields` and the gateway's
 * own balancer make of a request.
 */
export class InwardHead {
  readonly #instance: string;
  readonly #fields: HeadFields;
  readonly #passed: readonly number[];
  readonly #traced: readonly number[];
  readonly #routes = new Map<Route, Uint8Array>();
  readonly #assertions = new Map<string, Uint8Array>();
  readonly #origins = new Map<string, Uint8Array>();

  /**
   * @param options.instance our name in `Via`
   * @param options.fields of the request whose head is put together
   */
  constructor({ instance, fields }: { instance: string; fields: HeadFields }) {
    this.#instance = instance;
    this.#fields = fields;
    this.#passed = fields.places(PASSED_INWARDS);
    this.#traced = fields.places(["tracestate"]);
  }

  /** Puts it behind what `wire` has put together. The request's id is then where `head` says. */
  put(wire: Wire, head: RequestHead, { route, assertion, address, trace }: InwardAdditions): void {
    const own = remembered(this.#routes, route, () => routeLines(route));
    const proof = remembered(this.#assertions, assertion, () => line(ASSERTION_HEADER, assertion));
    const origin = remembered(this.#origins, address ?? "", () => this.#originLines(address, route));
    wire.reserve(head.end - head.methodStart + own.length + proof.length + origin.length + ROOM);
    wire.copy(head.methodStart, head.fields);
    wire.put(own);
    wire.put(proof);
    wire.put(origin);
    this.#fields.copy(wire, this.#passed);
    wire.put(TRACEPARENT);
    wire.putText(traceparent(trace));
    wire.putLineEnd();
    if (trace.state !== undefined) this.#fields.copy(wire, this.#traced);
    putRequestId(wire, head);
  }

  #originLines(address: string | undefined, { upstream: host }: Route): Uint8Array {
    const arrival = { peer: address, protocol: "http", host };
    const fields = forwardedFields(arrival, { came: NOTHING, trusted: NOBODY });
    const text = [
      ["x-forwarded-for", fields.for],
      ["x-forwarded-proto", fields.proto],
      ["x-forwarded-host", fields.host],
      ["forwarded", fields.forwarded],
      ["via", `1.1 ${this.#instance}`],
    ].filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}\r\n`);
    return fromLatin1(text.join(""));
  }
}

function routeLines({ upstream, timeout }: Route): Uint8Array {
  return fromLatin1(`host: ${upstream}\r\naccept-encoding: identity\r\n${TIMEOUT_HEADER}: ${timeout}\r\n`);
}

function line(name: string, value: string): Uint8Array {
  return fromLatin1(`${name}: ${value}\r\n`);
}

/** The id moves with the request, since the input is read over. */
function putRequestId(wire: Wire, head: RequestHead): void {
  wire.put(REQUEST_ID);
  const start = wire.out;
  if (head.requestIdEnd === 0) wire.putText(crypto.randomUUID());
  else wire.copy(head.requestIdStart, head.requestIdEnd);
  head.requestIdStart = start;
  head.requestIdEnd = wire.out;
  wire.putLineEnd();
}

function remembered<K>(map: Map<K, Uint8Array>, key: K, make: () => Uint8Array): Uint8Array {
  let octets = map.get(key);
  if (octets === undefined) {
    if (map.size >= REMEMBERED) map.clear();
    map.set(key, octets = make());
  }
  return octets;
}
