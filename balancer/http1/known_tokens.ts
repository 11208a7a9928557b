/** No token of ours comes near it, and what is longer is not worth its room. */
const LONGEST = 2_048;

/** The token that the octets of an `Authorization` field hold. */
interface Entry {
  readonly octets: Uint8Array;
  readonly token: string;
}

/**
 * Tokens by the octets that they came as: the same ones come again and again, and to compare octets costs less than to
 * decode and match them. Two whose places coincide push each other out.
 */
export class KnownTokens {
  readonly #entries: (Entry | undefined)[];

  /** @param size how many are kept at most */
  constructor(size = 1_024) {
    this.#entries = new Array<Entry | undefined>(size).fill(undefined);
  }

  /** The token that these octets hold, made by `read` when it is not known; nothing is kept where that gives none. */
  get(
    bytes: Uint8Array,
    span: { readonly start: number; readonly end: number },
    read: () => string | undefined,
  ): string | undefined {
    const { start, end } = span;
    if (end - start > LONGEST) return read();
    const place = this.#place(bytes, start, end);
    const entry = this.#entries[place];
    if (entry !== undefined && isAt(bytes, start, end, entry.octets)) return entry.token;
    const token = read();
    if (token !== undefined) this.#entries[place] = { octets: bytes.slice(start, end), token };
    return token;
  }

  /** A token ends with its signature, so that its last octets are as good as random. */
  #place(bytes: Uint8Array, start: number, end: number): number {
    let place = end - start;
    for (let at = Math.max(start, end - 8); at < end; at++) place = (place * 31 + (bytes[at] ?? 0)) | 0;
    return (place >>> 0) % this.#entries.length;
  }
}

function isAt(bytes: Uint8Array, start: number, end: number, octets: Uint8Array): boolean {
  if (octets.length !== end - start) return false;
  for (let i = 0; i < octets.length; i++) if (bytes[start + i] !== octets[i]) return false;
  return true;
}
