import type { Upstream } from "../upstream.ts";
import { hash32 } from "./hash.ts";

/** Points of an upstream of average weight, while there are few upstreams. */
const POINTS = 128;
/**
 * Points on the whole ring are kept below this, so that it is built in tens of milliseconds for 10,000
 * upstreams.
 */
const MAX_POINTS = 1 << 18;

/**
 * A ring of points, each belonging to an upstream: a key belongs to the next point on. Where an upstream's
 * points lie depends on nothing but its id, so that one that comes or goes moves only its own share of the
 * keys (Karger et al. 1997).
 */
export class HashRing {
  readonly #upstreams: readonly Upstream[];
  readonly #hashes: Uint32Array;
  readonly #owners: Uint32Array;

  constructor(upstreams: readonly Upstream[]) {
    this.#upstreams = upstreams;
    const points = sortedPoints(upstreams);
    this.#hashes = Uint32Array.from(points, (point) => Math.floor(point / OWNERS));
    this.#owners = Uint32Array.from(points, (point) => point % OWNERS);
  }

  get size(): number {
    return this.#hashes.length;
  }

  /** Index of the first point at or after this hash. */
  find(hash: number): number {
    let low = 0;
    let high = this.#hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#hashes[middle] ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    return low === this.#hashes.length ? 0 : low;
  }

  /** Whose the point is; indices past the end go on at the start. */
  owner(index: number): Upstream | undefined {
    return this.#upstreams[this.#owners[index % this.#owners.length] ?? 0];
  }
}

/** A point is a hash and its owner in one number, so that a plain numeric sort brings them into order. */
const OWNERS = 1 << 20;

function sortedPoints(upstreams: readonly Upstream[]): Float64Array {
  const total = upstreams.reduce((sum, { weight }) => sum + weight, 0);
  const mean = total / upstreams.length;
  const each = pointsEach(upstreams.length);
  const points: number[] = [];
  for (const [owner, { id, effectiveWeight }] of upstreams.entries()) {
    const count = Math.max(1, Math.round((each * effectiveWeight) / mean));
    for (let i = 0; i < count; i++) points.push(hash32(id, Math.imul(i + 1, 0x9e3779b1)) * OWNERS + owner);
  }
  return Float64Array.from(points).sort();
}

/** Halves at powers of two, so that the number seldom changes while upstreams come and go. */
function pointsEach(upstreams: number): number {
  let each = POINTS;
  while (each > 1 && each * upstreams > MAX_POINTS) each /= 2;
  return each;
}
