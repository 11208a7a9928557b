import type { ReadRange } from "./datapath.ts";
import { KvRefusedError, KvUnavailableError } from "./kv_errors.ts";
import { LIMITS } from "./limits.ts";
import type { WireEntry } from "./messages.ts";

/** Reads ranges at one moment: the entries of each. */
export type ReadRanges = (
  ranges: readonly ReadRange[],
  parent: string | undefined,
) => Promise<readonly (readonly WireEntry[])[]>;

interface Waiting {
  readonly ranges: readonly ReadRange[];
  readonly entries: number;
  readonly parent: string | undefined;
  readonly resolve: (found: readonly (readonly WireEntry[])[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads under way at once. A store does one after another anyway; what comes meanwhile is put together. */
const MAX_UNDER_WAY = 4;

/**
 * Puts reads together into one request that are asked for at the same time, or while others are under way. What is asked
 * for in one call is read at one moment, as ever; a lone read waits for nothing.
 */
export class ReadBatch {
  readonly #readRanges: ReadRanges;
  readonly #waiting: Waiting[] = [];
  #underWay = 0;
  #scheduled = false;

  constructor(readRanges: ReadRanges) {
    this.#readRanges = readRanges;
  }

  /**
   * The entries of each range, all of them at one moment.
   *
   * @param parent the `traceparent` of who asks, when its trace is recorded: such reads are not put together with others
   */
  read(
    ranges: readonly ReadRange[],
    parent: string | undefined,
  ): Promise<readonly (readonly WireEntry[])[]> {
    return new Promise((resolve, reject) => {
      const entries = ranges.reduce((sum, { limit }) => sum + limit, 0);
      this.#waiting.push({ ranges, entries, parent, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#send();
      });
    });
  }

  #send(): void {
    while (this.#underWay < MAX_UNDER_WAY && this.#waiting.length > 0) {
      this.#underWay++;
      void this.#run(this.#gather());
    }
  }

  /** Takes what fits into one request, in the order of its coming. */
  #gather(): Waiting[] {
    let [ranges, entries, count] = [0, 0, 0];
    for (const next of this.#waiting) {
      ranges += next.ranges.length;
      entries += next.entries;
      const fits = ranges <= LIMITS.ranges && entries <= LIMITS.entries &&
        next.parent === this.#waiting[0]?.parent;
      if (count > 0 && !fits) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#read(batch);
    } catch (error) {
      // One read's failure is never another one's; and where the server is away, it is for those who wait, too.
      if (error instanceof KvRefusedError && batch.length > 1) await this.#readApart(batch);
      else for (const { reject } of batch) reject(error);
      if (error instanceof KvUnavailableError) {
        for (const { reject } of this.#waiting.splice(0)) reject(error);
      }
    } finally {
      this.#underWay--;
      this.#send();
    }
  }

  async #readApart(batch: readonly Waiting[]): Promise<void> {
    await Promise.all(batch.map((waiting) => this.#read([waiting]).catch(waiting.reject)));
  }

  async #read(batch: readonly Waiting[]): Promise<void> {
    const ranges = batch.flatMap((waiting) => waiting.ranges);
    const found = await this.#readRanges(ranges, batch[0]?.parent);
    let start = 0;
    for (const waiting of batch) waiting.resolve(found.slice(start, start += waiting.ranges.length));
  }
}
