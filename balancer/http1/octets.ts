/** Octets that HTTP/1.1 gives a meaning to. */
export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const PERCENT = 0x25;
export const ASTERISK = 0x2a;
export const COMMA = 0x2c;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const ONE = 0x31;
export const NINE = 0x39;
export const COLON = 0x3a;
export const QUESTION = 0x3f;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;

/** `token` (RFC 9110, section 5.6.2). */
export const TOKEN = 1;
/** `token` without the underscore, which servers that turn names into variables take for a hyphen. */
export const NAME = 2;
/** `field-vchar`, space and tab (RFC 9110, section 5.5), `obs-text` among them. */
export const VALUE = 4;
/** What a path may hold: RFC 3986, and those that browsers leave as they are. */
export const PATH = 8;
/** What a query may hold: as a path, and the backslash, which means nothing there. */
export const QUERY = 16;
/** A name or an IPv4 address in `Host`. */
export const HOST = 32;
export const DIGIT = 64;
/** A visible character that needs no quoting in a log: a request id is made of these. */
export const IDENTIFIER = 128;

/** Which of the classes above each octet belongs to. */
export const OCTET_CLASS: Uint8Array<ArrayBuffer> = classify();

/** The value of a hexadecimal digit, 255 for every other octet. */
export const HEX_VALUE: Uint8Array<ArrayBuffer> = hexValues();

/** The octets of an ASCII text. */
export function ascii(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The text of octets, each one a character (ISO 8859-1), so that nothing is lost or made up. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

/** The octets of a text whose characters are octets (ISO 8859-1). */
export function fromLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Whether a span is a text but for the case of ASCII letters. `lower` is in lower case. */
export function equalsIgnoringCase(
  bytes: Uint8Array,
  start: number,
  end: number,
  lower: Uint8Array,
): boolean {
  const length = end - start;
  if (length !== lower.length) return false;
  for (let i = 0; i < length; i++) {
    const expected = lower[i] ?? 0;
    const octet = bytes[start + i] ?? 0;
    if (octet === expected) continue;
    if (octet < 0x41 || octet > 0x5a || (octet | 0x20) !== expected) return false;
  }
  return true;
}

/** Whether a span is exactly these octets. */
export function equals(bytes: Uint8Array, start: number, end: number, expected: Uint8Array): boolean {
  if (end - start !== expected.length) return false;
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false;
  return true;
}

function classify(): Uint8Array<ArrayBuffer> {
  const classes = new Uint8Array(256);
  const add = (kind: number, from: number, to = from) => {
    for (let octet = from; octet <= to; octet++) classes[octet] = (classes[octet] ?? 0) | kind;
  };
  const remove = (kind: number, octets: string) => {
    for (const octet of ascii(octets)) classes[octet] = (classes[octet] ?? 0) & ~kind;
  };
  const alphanumeric = (kind: number) => {
    add(kind, 0x30, 0x39);
    add(kind, 0x41, 0x5a);
    add(kind, 0x61, 0x7a);
  };
  for (const kind of [TOKEN, NAME, HOST, IDENTIFIER]) alphanumeric(kind);
  for (const octet of ascii("!#$%&'*+-.^_`|~")) add(TOKEN | NAME, octet);
  remove(NAME, "_");
  add(VALUE, HTAB);
  add(VALUE, 0x20, 0x7e);
  add(VALUE, 0x80, 0xff);
  add(PATH | QUERY, 0x21, 0x7e);
  remove(PATH | QUERY, '"#<>');
  remove(PATH, "\\");
  for (const octet of ascii("-._~%")) add(HOST, octet);
  for (const octet of ascii("_.~:=+/-")) add(IDENTIFIER, octet);
  add(DIGIT, 0x30, 0x39);
  return classes;
}

function hexValues(): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(256).fill(255);
  for (let value = 0; value < 16; value++) {
    const digit = value.toString(16);
    values[digit.charCodeAt(0)] = value;
    values[digit.toUpperCase().charCodeAt(0)] = value;
  }
  return values;
}
