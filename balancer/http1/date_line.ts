import { ascii } from "./octets.ts";

let second = -1;
let line: Uint8Array<ArrayBuffer> = ascii("");

/** The `Date` line of an answer made now (RFC 9110, section 6.6.1): it has whole seconds, so that it is put as text once in each. */
export function dateLine(): Uint8Array<ArrayBuffer> {
  const now = Date.now();
  const begun = Math.floor(now / 1_000);
  if (begun !== second) {
    second = begun;
    line = ascii(`date: ${new Date(now).toUTCString()}\r\n`);
  }
  return line;
}
