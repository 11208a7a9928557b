import { MessageError } from "./message_error.ts";
import {
  ascii,
  CLOSE_BRACKET,
  COLON,
  DIGIT,
  equalsIgnoringCase,
  HEX_VALUE,
  HOST,
  OCTET_CLASS,
  OPEN_BRACKET,
  QUESTION,
  SLASH,
} from "./octets.ts";

const SCHEMES = [ascii("http://"), ascii("https://")];

/** Where the path begins in a target in absolute form (RFC 9112, section 3.2.2). */
export function afterAuthority(bytes: Uint8Array, start: number, end: number): number {
  for (const scheme of SCHEMES) {
    const authority = start + scheme.length;
    if (!equalsIgnoringCase(bytes, start, Math.min(authority, end), scheme)) continue;
    let at = authority;
    while (at < end && bytes[at] !== SLASH && bytes[at] !== QUESTION) at++;
    if (!isAuthority(bytes, authority, at)) break;
    // Without a path there would be nothing to pass on but a query; no client of today sends that.
    if (bytes[at] !== SLASH || at === end || bytes[at + 1] === SLASH) break;
    return at;
  }
  throw new MessageError(400, "The request target is neither a path nor an http address");
}

/** `uri-host [ ":" port ]` with a host that is not empty (RFC 9110, sections 4.2.1 and 7.2). */
export function isAuthority(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  if (bytes[at] === OPEN_BRACKET) {
    at++;
    while (at < end && (HEX_VALUE[bytes[at] ?? 0] !== 255 || bytes[at] === COLON || bytes[at] === 0x2e)) at++;
    if (at - start < 3 || bytes[at] !== CLOSE_BRACKET || at >= end) return false;
    at++;
  } else {
    while (at < end && ((OCTET_CLASS[bytes[at] ?? 0] ?? 0) & HOST) !== 0) at++;
    if (at === start) return false;
  }
  if (at === end) return true;
  if (bytes[at] !== COLON || end - at > 6 || end - at < 2) return false;
  for (at++; at < end; at++) if (!isDigit(bytes[at])) return false;
  return true;
}

/** Whether an octet is a decimal digit. */
export function isDigit(octet: number | undefined): boolean {
  return ((OCTET_CLASS[octet ?? 0] ?? 0) & DIGIT) !== 0;
}
