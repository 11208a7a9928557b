import type { Candidate, Table } from "./table.ts";

/** Bytes that an entry is taken to need besides its key and value: its place in two trees and its row's header. */
const ROW_OVERHEAD = 64;
/** Rows looked at in one go. */
const STRIDE = 64;
/** Rows passed over one after another as in use before one leaves all the same, so that a write never walks the whole table. */
const PATIENCE = 512;

/**
 * Keeps a table within a number of bytes by second chance (the CLOCK of Corbató, 1969), which comes close to taking the
 * least recently used entry and makes a read cost one bit in memory: a hand goes round the rows in the order they were
 * made in; a row that was read since the hand last came by is passed over once, any other leaves. A new row stands where
 * the hand comes last, so it has a whole round to be read in; what is written and never read leaves first.
 *
 * The bits are indexed by a hash of the key, so that their memory does not grow with the table. Keys that share a bit
 * share a second chance, which does no harm.
 */
export class Evictor {
  readonly #maxBytes: number;
  readonly #used: Uint8Array;
  readonly #mask: number;
  /** The row that the hand passed last. */
  #hand = 0;
  /** The newest row of the commits before the one that needs room. */
  #newest = 0;

  /** @param maxBytes what keys, values and 64 bytes for each entry may add up to */
  constructor(maxBytes: number) {
    if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) {
      throw new RangeError(`Cannot bound the store: maxBytes must be a positive integer, got ${maxBytes}`);
    }
    this.#maxBytes = maxBytes;
    const bits = 2 ** Math.min(26, Math.max(16, Math.ceil(Math.log2(maxBytes / ROW_OVERHEAD))));
    this.#used = new Uint8Array(bits / 8);
    this.#mask = bits - 1;
  }

  /** Notes that an entry is read. */
  touch(key: Uint8Array): void {
    const bit = hash(key) & this.#mask;
    const index = bit >>> 3;
    this.#used[index] = (this.#used[index] ?? 0) | 1 << (bit & 7);
  }

  /** Takes entries out, inside a transaction and after its changes, until the table is within its bound; returns them. */
  makeRoom(table: Table): Candidate[] {
    const evicted: Candidate[] = [];
    // What this commit has made is spared as long as there is anything else.
    let last = this.#newest;
    let passed = 0;
    while (this.#isOver(table)) {
      const candidates = table.candidates({ after: this.#hand, last, limit: STRIDE });
      if (candidates.length === 0 && this.#hand === 0) last = Number.MAX_SAFE_INTEGER;
      if (candidates.length === 0) this.#hand = 0;
      for (const candidate of candidates) {
        if (!this.#isOver(table)) break;
        this.#hand = candidate.id;
        if (this.#secondChance(candidate.key) && ++passed <= PATIENCE) continue;
        passed = 0;
        table.evict(candidate);
        evicted.push(candidate);
      }
    }
    this.#newest = table.newestRow();
    return evicted;
  }

  #isOver(table: Table): boolean {
    const { rows, bytes } = table.size;
    return rows > 0 && bytes + rows * ROW_OVERHEAD > this.#maxBytes;
  }

  /** Whether the entry was read since this was last asked. */
  #secondChance(key: Uint8Array): boolean {
    const bit = hash(key) & this.#mask;
    const index = bit >>> 3;
    const byte = this.#used[index] ?? 0;
    const flag = 1 << (bit & 7);
    this.#used[index] = byte & ~flag;
    return (byte & flag) !== 0;
  }
}

/** FNV-1a, 32 bits. */
function hash(key: Uint8Array): number {
  let value = 0x811c9dc5;
  for (const byte of key) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}
