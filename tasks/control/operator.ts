import { type Clock, ProblemError, systemClock } from "@flotilla/runtime";
import { adminOriginOf, originOf, type PlannedProcess, type Standing } from "../plan.ts";
import { replicatedGroup, type Scale, scaleTopology } from "../scale.ts";
import type { Supervisor } from "../supervisor.ts";
import { type CheckedTopology, TopologyError } from "../topology_schema.ts";
import { BalancerClient, type BalancerClientOptions, BalancerError } from "./balancer_client.ts";
import type { Order, RunningSystem, Tell } from "./contract.ts";
import { Fleet, type FleetOptions } from "./fleet.ts";
import { Front } from "./front.ts";

/** What an {@linkcode Operator} works with. */
export interface OperatorOptions extends FleetOptions {
  /** The topology before `--scale`. @default `topology` */
  home?: CheckedTopology;
  supervisor: Pick<Supervisor, "add" | "remove" | "replan" | "processes">;
  /** Tells others which processes there are now. */
  publish: (processes: readonly PlannedProcess[]) => Promise<void>;
  /** Whether nothing listens on a port. */
  isFree: (port: number) => boolean;
  /** What balancers take orders with. */
  adminToken: string;
  /** Milliseconds that requests in flight have to finish before an instance is stopped. @default 10_000 */
  drain?: number;
  /** Milliseconds that a new instance has to become ready, and then to be sent requests. @default 60_000 */
  patience?: number;
  /** Calls balancers. @default `fetch` */
  fetch?: Required<BalancerClientOptions>["fetch"];
  /** @default {@linkcode systemClock} */
  clock?: Clock;
}

/** Carries out an order that can be carried out, telling what happens. Rejects when it cannot be brought to its end. */
export type CarryOut = (tell: Tell) => Promise<void>;

/**
 * Changes a system while it runs: how many instances there are of what, and which of them get requests.
 *
 * No request fails by what it does: an instance gets requests once it is ready, and is stopped when those it had are over.
 */
export class Operator {
  readonly #options: Required<OperatorOptions>;
  readonly #fleet: Fleet;
  #scaling: string | undefined;
  /** Fulfilled when all changes of how instances stand are over. */
  #stood: Promise<void> = Promise.resolve();

  constructor(options: OperatorOptions) {
    this.#options = {
      home: options.topology,
      drain: 10_000,
      patience: 60_000,
      fetch: (request) => fetch(request),
      clock: systemClock,
      ...options,
    };
    this.#fleet = new Fleet(options);
  }

  /** How it is other than it was started, each in a few words. */
  get changes(): string[] {
    return this.#fleet.changes;
  }

  /** The system as it is now. */
  get system(): RunningSystem {
    const names = this.#fleet.plans.map(({ name }) => name);
    // In the order of the topology; what joins or leaves at this moment comes last.
    const place = (name: string) => names.includes(name) ? names.indexOf(name) : names.length;
    const running = [...this.#options.supervisor.processes]
      .sort((a, b) => place(a.plan.name) - place(b.plan.name));
    const processes = running.map(({ plan, state }) => {
      const { name, role, host, port, adminPort, calls } = plan;
      const address = { host, port, ...(adminPort === undefined ? {} : { adminPort }) };
      const pid = "pid" in state ? state.pid : null;
      return { name, role, ...address, calls: [...calls], state: state.kind, pid };
    });
    return { processes, scaling: this.#scaling ?? null };
  }

  /**
   * Judges an order.
   *
   * @returns what carries it out
   * @throws {ProblemError} 404 for what is not there, 409 while it cannot be done, 422 for what can never be done, 502 when a
   * balancer does not answer
   */
  async begin(order: Order): Promise<CarryOut> {
    if (order.order === "scale") return this.#beginScale(order);
    const instance = this.#fleet.find(order.instance);
    const front = this.#frontOf([instance]);
    if (this.#fleet.balancersOf(instance.group).length === 0) {
      throw new ProblemError(422, `No balancer stands in front of ${instance.name}`);
    }
    switch (order.order) {
      case "weigh":
        return (tell) => this.#weigh(instance, order.weight, tell);
      case "resume":
        return (tell) => this.#resume(instance, tell);
      case "drain":
        await answering(front.requireOthers());
        return (tell) => this.#drain([instance], tell);
    }
  }

  #beginScale(scale: Scale): CarryOut {
    if (this.#scaling !== undefined) {
      throw new ProblemError(409, `${this.#scaling} is being scaled: wait until that is over`);
    }
    const { group, topology } = this.#scaled(scale);
    this.#fleet.balancersOf(group);
    this.#scaling = group;
    return async (tell) => {
      try {
        await this.#scale(topology, tell);
      } finally {
        this.#scaling = undefined;
      }
    };
  }

  #scaled(scale: Scale): { group: string; topology: CheckedTopology } {
    const { home, isFree } = this.#options;
    const { topology } = this.#fleet;
    try {
      const group = replicatedGroup(topology, scale.group);
      return { group, topology: scaleTopology(topology, [{ ...scale, group }], { isFree, home }) };
    } catch (error) {
      if (error instanceof TopologyError) throw new ProblemError(422, error.message, { cause: error });
      throw error;
    }
  }

  async #scale(topology: CheckedTopology, tell: Tell): Promise<void> {
    const [before, after] = [this.#fleet.plans, this.#fleet.plansOf(topology)];
    const without = (plans: PlannedProcess[], others: PlannedProcess[]) =>
      plans.filter(({ name }) => !others.some((other) => other.name === name));
    const [added, removed] = [without(after, before), without(before, after)];
    if (added.length > 0) await this.#grow(topology, added, tell);
    else if (removed.length > 0) await this.#shrink(topology, removed, tell);
    else tell("There are as many already");
  }

  async #grow(topology: CheckedTopology, added: readonly PlannedProcess[], tell: Tell): Promise<void> {
    const { supervisor, publish, patience } = this.#options;
    try {
      await Promise.all(added.map(async (plan) => {
        tell(`${plan.name} starts on ${originOf(plan)}`);
        await this.#inTime(supervisor.add(plan), `${plan.name} is not ready`);
        tell(`${plan.name} is ready`);
      }));
    } catch (error) {
      await Promise.all(added.map(({ name }) => supervisor.remove(name)));
      throw error;
    }
    this.#fleet.adopt(topology);
    await publish(this.#fleet.plans);
    const front = this.#frontOf(added);
    await front.join();
    if (!await front.untilSent(patience)) throw new Error(`${namesOf(added)}: no requests yet`);
    tell(`${namesOf(added)}: requests come in`);
  }

  async #shrink(topology: CheckedTopology, removed: readonly PlannedProcess[], tell: Tell): Promise<void> {
    const { supervisor, publish } = this.#options;
    await this.#drain(removed, tell);
    this.#fleet.adopt(topology);
    // A balancer that does not answer now is started again without them.
    await this.#frontOf(removed).leave().catch((error) =>
      tell(error instanceof Error ? error.message : String(error))
    );
    await publish(this.#fleet.plans);
    await Promise.all(removed.map(async ({ name }) => {
      tell(await supervisor.remove(name) ? `${name} has stopped` : `${name} was ended by force`);
    }));
  }

  async #weigh(instance: PlannedProcess, weight: number, tell: Tell): Promise<void> {
    await this.#stand([instance], { weight }, (front) => front.weigh(weight));
    tell(`${instance.name} has the weight ${weight}`);
  }

  async #resume(instance: PlannedProcess, tell: Tell): Promise<void> {
    await this.#stand([instance], { draining: false }, (front) => front.resume());
    tell(`${instance.name} gets requests again`);
  }

  async #drain(instances: readonly PlannedProcess[], tell: Tell): Promise<void> {
    await this.#stand(instances, { draining: true }, (front) => front.drain());
    tell(`${namesOf(instances)}: no new requests`);
    const idle = await this.#frontOf(instances).untilIdle(
      this.#options.drain,
      (inFlight) => tell(`${namesOf(instances)}: ${inFlight} in flight`),
    );
    tell(`${namesOf(instances)}: ${idle ? "idle" : "what is still in flight ends as usual"}`);
  }

  /** Changes how instances stand when the changes before are over, so that none rests on what another is about to change. */
  async #stand(
    instances: readonly PlannedProcess[],
    change: Partial<Standing>,
    order: (front: Front) => Promise<void>,
  ): Promise<void> {
    const over = this.#stood.then(() => this.#standNow(instances, change, order));
    this.#stood = over.catch(() => {});
    await over;
  }

  /** Changes how instances stand, here and with their balancers; when one of those does not take it, nothing changes. */
  async #standNow(
    instances: readonly PlannedProcess[],
    change: Partial<Standing>,
    order: (front: Front) => Promise<void>,
  ): Promise<void> {
    if (change.draining) await this.#frontOf(instances).requireOthers();
    const before = instances.map((instance) => [instance, this.#fleet.standingOf(instance.name)] as const);
    this.#fleet.stand(instances.map(({ name }) => name), change);
    try {
      await order(this.#frontOf(instances));
    } catch (error) {
      for (const [{ name }, standing] of before) this.#fleet.stand([name], standing);
      await Promise.all(before.map(([instance, standing]) => this.#restore(instance, standing)));
      throw error;
    }
  }

  /** Tells the balancers that took an order how it was before. One that does not answer now is started again as planned. */
  async #restore(instance: PlannedProcess, { weight, draining }: Standing): Promise<void> {
    const front = this.#frontOf([instance], { patience: 0 });
    await Promise.allSettled([front.weigh(weight), draining ? front.drain() : front.resume()]);
  }

  /**
   * @param instances of one group
   * @param more.patience of its balancers, in milliseconds
   */
  #frontOf(instances: readonly PlannedProcess[], more: { patience?: number } = {}): Front {
    const { adminToken: token, fetch, clock } = this.#options;
    const balancers = this.#fleet.balancersOf(instances[0]?.group ?? "").map((balancer) =>
      new BalancerClient({
        name: balancer.name,
        origin: adminOriginOf(balancer),
        token,
        fetch,
        clock,
        ...more,
      })
    );
    return new Front({ balancers, instances, clock });
  }

  async #inTime(promise: Promise<void>, otherwise: string): Promise<void> {
    const { clock, patience } = this.#options;
    const late = Promise.withResolvers<never>();
    using _timer = clock.setTimeout(
      () => late.reject(new Error(`${otherwise} after ${patience / 1_000} s`)),
      patience,
    );
    await Promise.race([promise, late.promise]);
  }
}

function namesOf(instances: readonly PlannedProcess[]): string {
  return instances.map(({ name }) => name).join(", ");
}

/** What is found out, or 502 when a balancer does not answer. */
async function answering<T>(found: Promise<T>): Promise<T> {
  try {
    return await found;
  } catch (cause) {
    if (!(cause instanceof BalancerError)) throw cause;
    throw new ProblemError(502, cause.message, { cause });
  }
}
