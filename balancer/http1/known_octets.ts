/** Nothing of ours that comes again and again is longer, and what is longer is not worth its room. */
const LONGEST = 2_048;
/** How many of the last octets of each span decide on the place of an entry. */
const TAIL = 8;
/** How many have to come in vain before one takes a place that another has. */
const PATIENCE = 8;

/** What was made of octets. */
interface Entry<T> {
  readonly octets: Uint8Array;
  readonly value: T;
}

/**
 * What was made of octets before, such as a token, by these octets: the same ones come again and again, and to compare them costs
 * less than to decode them. A place that is taken is given to another now and then only, so that what comes often stays, and what
 * comes once is no garbage among the old.
 */
export class KnownOctets<T> {
  readonly #entries: (Entry<T> | undefined)[];
  /** How many did not get their place since the last one that did. */
  #turnedAway = 0;

  /** @param size how many are kept at most */
  constructor(size = 1_024) {
    this.#entries = new Array<Entry<T> | undefined>(size).fill(undefined);
  }

  /**
   * The value for the octets of these spans, one after the other, made by `make` when it is not known; nothing is kept where that
   * gives none.
   *
   * @param spans begin and end of each span
   */
  get<R extends T | undefined>(bytes: Uint8Array, spans: readonly number[], make: () => R): T | R {
    const length = lengthOf(spans);
    if (length > LONGEST) return make();
    const place = this.#place(bytes, spans, length);
    const entry = this.#entries[place];
    if (entry !== undefined && isAt(bytes, spans, length, entry.octets)) return entry.value;
    const value = make();
    if (value !== undefined && this.#mayTake(entry)) {
      this.#entries[place] = { octets: joined(bytes, spans, length), value };
    }
    return value;
  }

  #mayTake(entry: Entry<T> | undefined): boolean {
    if (entry !== undefined && ++this.#turnedAway < PATIENCE) return false;
    this.#turnedAway = 0;
    return true;
  }

  /** What differs, differs at its end: a token ends with its signature, an address with the host's number. */
  #place(bytes: Uint8Array, spans: readonly number[], length: number): number {
    let place = length;
    for (let i = 0; i < spans.length; i += 2) {
      const end = spans[i + 1] ?? 0;
      for (let at = Math.max(spans[i] ?? 0, end - TAIL); at < end; at++) {
        place = (place * 31 + (bytes[at] ?? 0)) | 0;
      }
    }
    return (place >>> 0) % this.#entries.length;
  }
}

/** A whole network may be trusted: what so many peers send is remembered, and then all of it is forgotten. */
const MOST_PEERS = 64;

/** What is known of octets, where it depends on the peer that sends them too. */
export class KnownOctetsByPeer<T> {
  readonly #peers = new Map<string, KnownOctets<T>>();

  /** What is known of what this peer sends. */
  of(peer: string): KnownOctets<T> {
    let known = this.#peers.get(peer);
    if (known === undefined) {
      if (this.#peers.size >= MOST_PEERS) this.#peers.clear();
      this.#peers.set(peer, known = new KnownOctets());
    }
    return known;
  }
}

function lengthOf(spans: readonly number[]): number {
  let length = 0;
  for (let i = 0; i < spans.length; i += 2) length += (spans[i + 1] ?? 0) - (spans[i] ?? 0);
  return length;
}

function isAt(bytes: Uint8Array, spans: readonly number[], length: number, octets: Uint8Array): boolean {
  if (octets.length !== length) return false;
  let at = 0;
  for (let i = 0; i < spans.length; i += 2) {
    const end = spans[i + 1] ?? 0;
    for (let from = spans[i] ?? 0; from < end; from++) if (bytes[from] !== octets[at++]) return false;
  }
  return true;
}

function joined(bytes: Uint8Array, spans: readonly number[], length: number): Uint8Array {
  const octets = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < spans.length; i += 2) {
    const span = bytes.subarray(spans[i], spans[i + 1]);
    octets.set(span, at);
    at += span.length;
  }
  return octets;
}
