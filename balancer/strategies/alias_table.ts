/**
 * Draws an index at random in proportion to its weight, in constant time: Walker's alias method in Vose's
 * form (1991). Every column holds its own index up to a threshold and another one above it.
 */
export class AliasTable {
  readonly #threshold: Float64Array;
  readonly #alias: Uint32Array;

  /** @param weights above 0 */
  constructor(weights: readonly number[]) {
    const size = weights.length;
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / size;
    this.#threshold = Float64Array.from(weights, (weight) => weight / mean);
    this.#alias = Uint32Array.from(weights.keys());
    const { small, large } = this.#divide();
    while (small.length > 0 && large.length > 0) {
      const [poor = 0, rich = 0] = [small.pop(), large.pop()];
      this.#alias[poor] = rich;
      const left = this.#at(rich) - (1 - this.#at(poor));
      this.#threshold[rich] = left;
      (left < 1 ? small : large).push(rich);
    }
    // What is left is full up to rounding.
    for (const column of [...small, ...large]) this.#threshold[column] = 1;
  }

  /** @param random a number from 0 up to 1; -1 comes back when the table is empty */
  draw(random: number): number {
    const place = random * this.#alias.length;
    const column = Math.floor(place);
    return place - column < this.#at(column) ? column : this.#alias[column] ?? -1;
  }

  #at(column: number): number {
    return this.#threshold[column] ?? 0;
  }

  #divide(): { small: number[]; large: number[] } {
    const small: number[] = [];
    const large: number[] = [];
    for (const [column, share] of this.#threshold.entries()) (share < 1 ? small : large).push(column);
    return { small, large };
  }
}
