import { createWorker, type TaskDefinition, type Worker } from "@flotilla/worker";
import { lossyKv, type PartitionedKv, partitionedKv, TEST_KEY } from "@flotilla/worker/testing";
import type { ManualClock } from "@flotilla/runtime/testing";
import type { Random } from "./random.ts";

interface Ship {
  readonly worker: Worker;
  readonly link: PartitionedKv;
  /** When a frozen worker goes on, in milliseconds; `Infinity` for one that was killed. */
  frozenUntil: number;
}

/** How much goes wrong. */
export interface FleetOptions {
  kinds: readonly TaskDefinition[];
  clock: ManualClock;
  random: Random;
  /** Workers that are alive at any time. */
  size: number;
}

/**
 * Workers on one store, of which now and then one dies, one freezes and one's write is lost or answered wrongly, as a
 * seed has it. A worker that was killed keeps running where it can reach nothing: what it does must have no effect.
 */
export class MemoryFleet implements AsyncDisposable {
  readonly #kv: Deno.Kv;
  readonly #options: FleetOptions;
  readonly #ships: Ship[] = [];
  #launched = 0;
  /** What was done to the workers. */
  readonly done = { killed: 0, frozen: 0, lost: 0 };

  constructor(kv: Deno.Kv, options: FleetOptions) {
    this.#kv = kv;
    this.#options = options;
    for (let number = 0; number < options.size; number++) this.#launch();
  }

  /** A worker that answers; when all of them are frozen, they go on. */
  get any(): Worker {
    if (this.#alive().every(({ link }) => link.cut)) this.calm();
    const answering = this.#alive().filter(({ link }) => !link.cut);
    const ship = answering[this.#options.random.below(answering.length)];
    if (ship === undefined) throw new Error("There is no worker alive");
    return ship.worker;
  }

  /** Maybe kills, freezes or thaws somebody. */
  strike(): void {
    const { random, clock } = this.#options;
    for (const ship of this.#alive()) {
      if (ship.link.cut && clock.now() >= ship.frozenUntil) ship.link.cut = false;
      if (random.chance(0.004)) this.#kill(ship);
      else if (!ship.link.cut && random.chance(0.01)) {
        ship.link.cut = true;
        ship.frozenUntil = clock.now() + random.below(30_000);
        this.done.frozen++;
      }
    }
  }

  /** Ends the trouble: every worker that is alive can reach the store again. */
  calm(): void {
    for (const ship of this.#alive()) ship.link.cut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const ship of this.#ships) ship.link.cut = false;
    let stopping = true;
    const stopped = Promise.all(this.#ships.map(({ worker }) => worker.stop())).finally(() =>
      stopping = false
    );
    // Some of them wait to try a write again, and time passes only when it is made to.
    while (stopping) await this.#options.clock.advance(1_000);
    await stopped;
  }

  #alive(): Ship[] {
    return this.#ships.filter(({ frozenUntil }) => frozenUntil !== Infinity);
  }

  #kill(ship: Ship): void {
    ship.link.cut = true;
    ship.frozenUntil = Infinity;
    this.done.killed++;
    this.#launch();
  }

  #launch(): void {
    const { kinds, clock, random } = this.#options;
    const lossy = lossyKv(this.#kv);
    const link = partitionedKv(lossy.kv);
    const worker = createWorker({
      store: this.#withLosses(link.kv, lossy, random),
      internalKey: TEST_KEY,
      instance: `worker_${++this.#launched}`,
      kinds,
      clock,
      grace: 0,
      concurrency: 8,
      service: {
        origin: "http://service",
        fetch: () => Promise.resolve(new Response(null, { status: 503 })),
      },
    });
    worker.start();
    this.#ships.push({ worker, link, frozenUntil: 0 });
  }

  /** Now and then a write is lost, or its answer, or it is said to have failed though it was applied. */
  #withLosses(kv: Deno.Kv, lossy: ReturnType<typeof lossyKv>, random: Random): Deno.Kv {
    const losses = ["lost", "applied, never answered", "applied, said to have failed"] as const;
    const atomic = kv.atomic.bind(kv);
    return new Proxy(kv, {
      get: (target, name) => {
        if (name !== "atomic") return Reflect.get(target, name, target);
        return () => {
          const loss = random.chance(0.02) ? losses[random.below(losses.length)] : undefined;
          if (loss !== undefined) {
            lossy.next = loss;
            this.done.lost++;
          }
          return atomic();
        };
      },
    });
  }
}
