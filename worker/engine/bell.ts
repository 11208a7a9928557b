/**
 * A bell that is not missed: a ring while nobody waits is heard by the next who does. Many rings before that are one.
 */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  /** Wakes who waits, or the next who will. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at once when it rang since the last wait, otherwise at the next ring. One may wait at a time. */
  async wait(): Promise<void> {
    if (!this.#rung) await new Promise<void>((resolve) => this.#wake = resolve);
    this.#rung = false;
    this.#wake = undefined;
  }
}
