import { ProblemError } from "@flotilla/runtime";
import { PLAIN_STANDING, type PlannedProcess, type Standing } from "../plan.ts";
import type { Supervisor } from "../supervisor.ts";
import { type CheckedTopology, portsOf } from "../topology_schema.ts";

/** What a {@linkcode Fleet} is made from. */
export interface FleetOptions {
  /** What runs, as it was started. */
  topology: CheckedTopology;
  /** Lists the processes of a topology. */
  plan: (topology: CheckedTopology, standings: ReadonlyMap<string, Standing>) => PlannedProcess[];
  supervisor: Pick<Supervisor, "replan">;
}

/**
 * What is to run now, and how each instance stands with its balancers. Whatever changes here is planned for those who run,
 * so that a balancer which dies is started again with the members, weights and drained instances that it had.
 */
export class Fleet {
  readonly #options: FleetOptions;
  #standings: ReadonlyMap<string, Standing> = new Map();
  #topology: CheckedTopology;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#topology = options.topology;
  }

  get topology(): CheckedTopology {
    return this.#topology;
  }

  /** The processes that are to run. */
  get plans(): PlannedProcess[] {
    return this.plansOf(this.#topology);
  }

  /** How it is other than it was started, each in a few words: what it takes to have it so again is said with it. */
  get changes(): string[] {
    const before = new Map(this.#options.topology.groups.map((group) => [group.name, portsOf(group).length]));
    const scaled = this.#topology.groups
      .map((group) => ({ name: group.name, count: portsOf(group).length }))
      .filter(({ name, count }) => before.get(name) !== count)
      .map(({ name, count }) => `${name} scaled to ${count} (again with --scale ${name}=${count})`);
    const stood = [...this.#standings].flatMap(([name, { weight, draining }]) => [
      ...(weight === PLAIN_STANDING.weight ? [] : [`${name} of weight ${weight}`]),
      ...(draining ? [`${name} drained`] : []),
    ]);
    return [...scaled, ...stood];
  }

  /** The processes that would run with another topology. */
  plansOf(topology: CheckedTopology): PlannedProcess[] {
    return this.#options.plan(topology, this.#standings);
  }

  /** How an instance stands. */
  standingOf(name: string): Standing {
    return this.#standings.get(name) ?? PLAIN_STANDING;
  }

  /** Makes this what is to run. */
  adopt(topology: CheckedTopology): void {
    this.#topology = topology;
    const names = new Set(this.plans.map(({ name }) => name));
    this.#standings = new Map([...this.#standings].filter(([name]) => names.has(name)));
    this.#options.supervisor.replan(this.plans);
  }

  /** Changes how instances stand. */
  stand(names: readonly string[], change: Partial<Standing>): void {
    const changed = names.map((name) => [name, { ...this.standingOf(name), ...change }] as const);
    this.#standings = new Map([...this.#standings, ...changed]);
    this.#options.supervisor.replan(this.plans);
  }

  /**
   * The process of this name.
   *
   * @throws {ProblemError} 404 when there is none
   */
  find(name: string): PlannedProcess {
    const plan = this.plans.find((candidate) => candidate.name === name);
    if (plan === undefined) throw new ProblemError(404, `There is no instance ${name}`);
    return plan;
  }

  /**
   * The balancers that send requests to a group.
   *
   * @throws {ProblemError} 422 when one of them takes no orders
   */
  balancersOf(group: string): PlannedProcess[] {
    const { groups } = this.#topology;
    const before = groups.filter(({ role, links }) =>
      role === "balancer" && Object.values(links).includes(group)
    );
    const balancers = this.plans.filter(({ name }) => before.some((balancer) => balancer.name === name));
    const mute = balancers.find(({ adminPort }) => adminPort === undefined);
    if (mute === undefined) return balancers;
    throw new ProblemError(422, `${mute.name} takes no orders: it has no adminPort in the topology`);
  }
}
