import { FieldNames } from "./field_names.ts";

/** A field whose meaning the proxy has to know; every other one is passed on as it came. */
export const KNOWN_FIELDS = [
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "date",
  "keep-alive",
  "proxy-connection",
  "te",
  "upgrade",
  "expect",
  "max-forwards",
  "proxy-authenticate",
  "proxy-authorization",
  "http2-settings",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-real-ip",
  "x-request-id",
  "traceparent",
] as const;

export type KnownField = typeof KNOWN_FIELDS[number];

const NAMES = new FieldNames(KNOWN_FIELDS);

/** The known field that a span names, in any case; `undefined` for another name. */
export function knownField(bytes: Uint8Array, start: number, end: number): KnownField | undefined {
  return NAMES.find(bytes, start, end);
}
