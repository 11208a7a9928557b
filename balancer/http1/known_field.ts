import { ascii, equalsIgnoringCase } from "./octets.ts";

/** A field whose meaning the proxy has to know; every other one is passed on as it came. */
export const KNOWN_FIELDS = [
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
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
] as const;

export type KnownField = typeof KNOWN_FIELDS[number];

interface Candidate {
  readonly name: KnownField;
  readonly bytes: Uint8Array;
}

const BY_LENGTH: readonly (readonly Candidate[] | undefined)[] = byLength();

/** The known field that a span names, in any case; `undefined` for another name. */
export function knownField(bytes: Uint8Array, start: number, end: number): KnownField | undefined {
  const candidates = BY_LENGTH[end - start];
  if (candidates === undefined) return undefined;
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i];
    if (candidate !== undefined && equalsIgnoringCase(bytes, start, end, candidate.bytes)) {
      return candidate.name;
    }
  }
  return undefined;
}

function byLength(): readonly (readonly Candidate[] | undefined)[] {
  const table: (Candidate[] | undefined)[] = new Array(32).fill(undefined);
  for (const name of KNOWN_FIELDS) (table[name.length] ??= []).push({ name, bytes: ascii(name) });
  return table;
}
