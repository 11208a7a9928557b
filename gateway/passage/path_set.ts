/** Paths to remember, up to a number; then all of them are forgotten. */
export class PathSet {
  readonly #paths = new Set<string>();
  readonly #capacity: number;

  /** @param capacity how many are remembered at most */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  add(path: string): void {
    if (this.#paths.size >= this.#capacity && !this.#paths.has(path)) this.#paths.clear();
    this.#paths.add(path);
  }
}
