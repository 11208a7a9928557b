import { type Clock, systemClock, type Timer } from "@flotilla/runtime";
import { type Columns, History } from "./history.ts";
import { InstanceTrack } from "./instance_track.ts";
import { EMPTY_TOPOLOGY, type PublishedInstance, type PublishedTopology } from "./published_topology.ts";
import type { Reading } from "./reading.ts";
import { askBalancer, type BalancerState, type Call, scrape } from "./scrape.ts";
import { type Known, type SystemView, viewSystem } from "./system_view.ts";
import { totalsOf } from "./totals.ts";

/** What {@linkcode Collector} works with. */
export interface CollectorOptions {
  /** Which instances there are, each time it is asked. */
  topology: () => PublishedTopology;
  /** Calls an instance directly. */
  call: Call;
  /** What balancers take orders with. @default they are not asked */
  adminToken?: string;
  /** Milliseconds between two looks while somebody watches. @default 2_000 */
  interval?: number;
  /** Milliseconds between two looks otherwise, for the history. @default 10_000 */
  idleInterval?: number;
  /** @default `systemClock` */
  clock?: Clock;
}

/** Is told of every look. */
export type Watcher = (view: SystemView) => void;

/** Looks at every instance again and again, and remembers the last 15 minutes. */
export class Collector implements Disposable {
  readonly #options: Required<Omit<CollectorOptions, "adminToken">> & { adminToken: string | undefined };
  readonly #history = new History();
  readonly #watchers = new Set<Watcher>();
  readonly #tracks = new Map<string, InstanceTrack>();
  readonly #balancers = new Map<string, AskedBalancer>();
  #view: SystemView;
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #stopped = false;

  /** Nothing is looked at before {@linkcode Collector.start}. */
  constructor(options: CollectorOptions) {
    const { adminToken, interval = 2_000, idleInterval = 10_000, clock = systemClock } = options;
    this.#options = { ...options, adminToken, interval, idleInterval, clock };
    this.#view = viewSystem(EMPTY_TOPOLOGY, new Map(), clock.now());
  }

  /** The system as it was last seen. */
  get view(): SystemView {
    return this.#view;
  }

  /** The last 15 minutes. */
  get history(): Columns {
    return this.#history.columns(this.#options.clock.now());
  }

  /** How many watch. */
  get watching(): number {
    return this.#watchers.size;
  }

  /** Begins to look. */
  start(): void {
    void this.#tick();
  }

  /** Tells of every look until the returned function is called. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) void this.#tick();
    return () => void this.#watchers.delete(watcher);
  }

  /** Looks once, now; one look that is under way is enough. */
  look(): Promise<void> {
    return this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #tick(): Promise<void> {
    this.#timer?.cancel();
    const { clock, interval, idleInterval } = this.#options;
    const began = clock.now();
    await this.look();
    if (this.#stopped) return;
    const pause = (this.#watchers.size > 0 ? interval : idleInterval) - (clock.now() - began);
    this.#timer?.cancel();
    this.#timer = clock.setTimeout(() => void this.#tick(), Math.max(50, pause), { background: true });
  }

  async #look(): Promise<void> {
    const { topology: current, clock } = this.#options;
    const topology = current();
    await Promise.all(topology.instances.map((instance) => this.#lookAt(instance)));
    const names = new Set(topology.instances.map(({ name }) => name));
    for (const name of this.#tracks.keys()) if (!names.has(name)) this.#tracks.delete(name);
    const known = new Map<string, Known>(
      [...this.#tracks].map((
        [name, { presence }],
      ) => [name, { presence, balancer: this.#balancers.get(name)?.state }]),
    );
    this.#view = viewSystem(topology, known, clock.now());
    this.#history.add(this.#view.at, pointOf(this.#view));
    for (const watcher of [...this.#watchers]) watcher(this.#view);
  }

  async #lookAt(instance: PublishedInstance): Promise<void> {
    const { call, clock } = this.#options;
    const { name } = instance;
    const track = this.#tracks.get(name) ?? new InstanceTrack();
    this.#tracks.set(name, track);
    try {
      const reading = await scrape(instance, { call, now: clock.now() });
      track.take(reading);
      await this.#askBalancer(instance, orderedOf(reading));
    } catch (error) {
      track.miss(clock.now(), reasonOf(error));
      this.#balancers.delete(name);
    }
  }

  /** Asks a balancer what its measures do not tell, when they tell that it has changed: it is as dear as they are. */
  async #askBalancer({ name, adminOrigin }: PublishedInstance, ordered: string): Promise<void> {
    const { call, adminToken: token } = this.#options;
    if (adminOrigin === undefined || token === undefined) return;
    if (this.#balancers.get(name)?.ordered === ordered) return;
    const state = await askBalancer(adminOrigin, { call, token }).catch(() => undefined);
    if (state === undefined) this.#balancers.delete(name);
    else this.#balancers.set(name, { state, ordered });
  }
}

/** What a balancer told, and what its measures said then. */
interface AskedBalancer {
  readonly state: BalancerState;
  readonly ordered: string;
}

/** What of a balancer's upstreams orders change. */
function orderedOf({ upstreams }: Reading): string {
  return JSON.stringify([...upstreams].map(([id, { draining, weight }]) => [id, draining, weight]));
}

/** Names of series that are of one instance begin with this. */
export const INSTANCE_SERIES = "rps:";
/** Names of series that are of one layer of the caches begin with this. */
export const LAYER_SERIES = "hit:";

/** What is remembered of a look. */
export function pointOf(view: SystemView): Map<string, number | undefined> {
  const { rps, errors, p50, p99, hitRatios, tasks } = totalsOf(view);
  const point = new Map<string, number | undefined>(Object.entries({ rps, errors, p50, p99 }));
  for (const [layer, share] of hitRatios) point.set(LAYER_SERIES + layer, share);
  for (const status of ["queued", "running", "retrying"]) point.set(status, tasks.get(status));
  for (const { instance, vitals } of view.instances) point.set(INSTANCE_SERIES + instance.name, vitals?.rps);
  return point;
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return "It does not answer in time";
  return error instanceof TypeError
    ? "It cannot be reached"
    : `It ${error instanceof Error ? error.message : "fails"}`;
}
