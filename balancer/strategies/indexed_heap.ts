import type { Eligible } from "../strategy.ts";
import type { Upstream } from "../upstream.ts";

/** What a heap keeps: an upstream, and where in the heap it is. */
export interface HeapNode {
  readonly upstream: Upstream;
  /** Kept by the heap; -1 outside. */
  position: number;
}

/** Past so many refusals, looking through all of them is cheaper than in order. */
const ORDERED_REFUSALS = 16;

/**
 * A binary heap, smallest first, whose items know their place, so that one whose key changed moves in
 * logarithmic time.
 */
export class IndexedHeap<T extends HeapNode> {
  readonly #items: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    item.position = this.#items.length;
    this.#items.push(item);
    this.#up(item);
  }

  /** Restores the order after the item's key has changed. */
  update(item: T): void {
    this.#up(item);
    this.#down(item);
  }

  remove(item: T): void {
    const { position } = item;
    const last = this.#items.pop();
    item.position = -1;
    if (last === undefined || last === item) return;
    this.#items[position] = last;
    last.position = position;
    this.update(last);
  }

  clear(): void {
    for (const item of this.#items) item.position = -1;
    this.#items.length = 0;
  }

  /**
   * The smallest one whose upstream is allowed. The usual case, that the very smallest is, costs one look.
   */
  first(eligible: Eligible): T | undefined {
    const root = this.#items[0];
    if (root === undefined || eligible.allows(root.upstream)) return root;
    return this.#firstInOrder(eligible);
  }

  /** Walks the heap from the smallest upwards: the next one is always a child of one already refused. */
  #firstInOrder(eligible: Eligible): T | undefined {
    const frontier = this.#children(0);
    for (let refused = 1; frontier.length > 0; refused++) {
      if (refused > ORDERED_REFUSALS) return this.#firstOfAll(eligible);
      let best = 0;
      for (let i = 1; i < frontier.length; i++) {
        if (this.#less(frontier[i], frontier[best])) best = i;
      }
      const [item] = frontier.splice(best, 1);
      if (item === undefined || eligible.allows(item.upstream)) return item;
      frontier.push(...this.#children(item.position));
    }
    return undefined;
  }

  #firstOfAll(eligible: Eligible): T | undefined {
    let best: T | undefined;
    for (const item of this.#items) {
      if (eligible.allows(item.upstream) && (best === undefined || this.#less(item, best))) best = item;
    }
    return best;
  }

  #children(position: number): T[] {
    return this.#items.slice(2 * position + 1, 2 * position + 3);
  }

  #less(a: T | undefined, b: T | undefined): boolean {
    return a !== undefined && b !== undefined && this.#compare(a, b) < 0;
  }

  #up(item: T): void {
    let { position } = item;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || this.#compare(item, parent) >= 0) break;
      this.#place(parent, position);
      position = above;
    }
    this.#place(item, position);
  }

  #down(item: T): void {
    let { position } = item;
    while (true) {
      const left = this.#items[2 * position + 1];
      if (left === undefined) break;
      const right = this.#items[2 * position + 2];
      const child = right !== undefined && this.#compare(right, left) < 0 ? right : left;
      if (this.#compare(item, child) <= 0) break;
      const below = child.position;
      this.#place(child, position);
      position = below;
    }
    this.#place(item, position);
  }

  #place(item: T, position: number): void {
    this.#items[position] = item;
    item.position = position;
  }
}
