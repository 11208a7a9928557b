import { type Clock, ProblemError, sleep, systemClock } from "@flotilla/runtime";
import { originOf, type PlannedProcess } from "../plan.ts";
import type { BalancedUpstream, BalancerClient } from "./balancer_client.ts";

/** Milliseconds between two looks at what is waited for. */
const LOOK_INTERVAL = 100;

/** What a {@linkcode Front} works with. */
export interface FrontOptions {
  /** The balancers that send requests to the instances. */
  balancers: readonly BalancerClient[];
  /** Instances of one group. */
  instances: readonly PlannedProcess[];
  /** @default {@linkcode systemClock} */
  clock?: Clock;
}

/** Some instances as the balancers in front of them have them. Methods throw {@linkcode BalancerError} as those do. */
export class Front {
  readonly #balancers: readonly BalancerClient[];
  readonly #origins: ReadonlyMap<string, string>;
  readonly #clock: Clock;

  constructor(options: FrontOptions) {
    const { balancers, instances, clock = systemClock } = options;
    this.#balancers = balancers;
    // What balancers call an upstream by when nothing is said.
    this.#origins = new Map(instances.map(originOf).map((origin) => [new URL(origin).host, origin]));
    this.#clock = clock;
  }

  async join(): Promise<void> {
    await this.#each((balancer, id) => balancer.add(this.#origins.get(id) ?? id));
  }

  async leave(): Promise<void> {
    await this.#each((balancer, id) => balancer.remove(id));
  }

  async drain(): Promise<void> {
    await this.#each((balancer, id) => balancer.drain(id));
  }

  async resume(): Promise<void> {
    await this.#each((balancer, id) => balancer.resume(id));
  }

  async weigh(weight: number): Promise<void> {
    await this.#each((balancer, id) => balancer.weigh(id, weight));
  }

  /**
   * Sees to it that somebody else takes requests.
   *
   * @throws {ProblemError} 409 when nobody would be left
   */
  async requireOthers(): Promise<void> {
    for (const balancer of this.#balancers) {
      const upstreams = await balancer.upstreams();
      if (upstreams.some(({ id, inRotation }) => inRotation && !this.#origins.has(id))) continue;
      throw new ProblemError(409, `${balancer.name} would have nobody left who takes requests`);
    }
  }

  /** Waits until the instances are sent requests; false when they are not after so many milliseconds. */
  async untilSent(patience: number): Promise<boolean> {
    return await this.#until(patience, async () => {
      const found = await this.#upstreams();
      return found.length === this.#balancers.length * this.#origins.size &&
        found.every(({ inRotation }) => inRotation);
    });
  }

  /**
   * Waits until no request is inside the instances; false when there is one after so many milliseconds.
   *
   * @param changed told how many there are, when that changes
   */
  async untilIdle(patience: number, changed: (inFlight: number) => void): Promise<boolean> {
    let told = 0;
    return await this.#until(patience, async () => {
      const inFlight = (await this.#upstreams()).reduce((sum, upstream) => sum + upstream.inFlight, 0);
      if (inFlight !== told) changed(inFlight);
      told = inFlight;
      return inFlight === 0;
    });
  }

  async #until(patience: number, condition: () => Promise<boolean>): Promise<boolean> {
    const end = this.#clock.now() + patience;
    for (;;) {
      if (await condition()) return true;
      if (this.#clock.now() >= end) return false;
      await sleep(LOOK_INTERVAL, { clock: this.#clock });
    }
  }

  /** The instances as each balancer has them. */
  async #upstreams(): Promise<BalancedUpstream[]> {
    const found = await Promise.all(this.#balancers.map((balancer) => balancer.upstreams()));
    return found.flat().filter(({ id }) => this.#origins.has(id));
  }

  async #each(act: (balancer: BalancerClient, id: string) => Promise<void>): Promise<void> {
    for (const balancer of this.#balancers) {
      for (const id of this.#origins.keys()) await act(balancer, id);
    }
  }
}
