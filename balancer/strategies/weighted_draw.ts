import type { Eligible } from "../strategy.ts";
import type { Upstream } from "../upstream.ts";
import { AliasTable } from "./alias_table.ts";

/** Draws that are made before every upstream is looked at instead. */
const DRAWS = 4;

/** Draws upstreams at random by weight. */
export class WeightedDraw {
  readonly #random: () => number;
  #upstreams: readonly Upstream[] = [];
  #table = new AliasTable([]);

  constructor(random: () => number) {
    this.#random = random;
  }

  rebuild(upstreams: readonly Upstream[]): void {
    this.#upstreams = upstreams;
    this.#table = new AliasTable(upstreams.map(({ effectiveWeight }) => effectiveWeight));
  }

  /** One that is allowed and is not `other`, if there is any. */
  draw(eligible: Eligible, other?: Upstream): Upstream | undefined {
    for (let i = 0; i < DRAWS; i++) {
      const upstream = this.#upstreams[this.#table.draw(this.#random())];
      if (upstream === undefined) return undefined;
      if (upstream !== other && eligible.allows(upstream)) return upstream;
    }
    return this.#search(eligible, other);
  }

  /** Looks at all, from a random one on: most are refused, since they are full or were tried. */
  #search(eligible: Eligible, other: Upstream | undefined): Upstream | undefined {
    const { length } = this.#upstreams;
    const start = Math.floor(this.#random() * length);
    for (let i = 0; i < length; i++) {
      const upstream = this.#upstreams[(start + i) % length];
      if (upstream !== undefined && upstream !== other && eligible.allows(upstream)) return upstream;
    }
    return undefined;
  }
}
