import type { Presence } from "./instance_track.ts";
import type { PublishedInstance, PublishedTopology } from "./published_topology.ts";
import type { UpstreamReading } from "./reading.ts";
import type { BalancerState } from "./scrape.ts";
import type { Vitals } from "./vitals.ts";

/** How an instance stands, the worst first. */
export const INSTANCE_STATES = ["down", "unready", "ejected", "draining", "unknown", "up"] as const;
export type InstanceState = typeof INSTANCE_STATES[number];

/** One instance as a balancer that sends to it has it. */
export interface UpstreamView {
  readonly balancer: string;
  /** Where orders about it are given; `undefined` when the balancer takes none. */
  readonly control: { readonly id: string; readonly draining: boolean; readonly weight: number } | undefined;
  readonly ejections: number;
}

/** One instance as it stands. */
export interface InstanceView {
  readonly instance: PublishedInstance;
  readonly state: InstanceState;
  /** Why it is not up; empty when it is. */
  readonly reason: string;
  readonly vitals: Vitals | undefined;
  readonly upstream: UpstreamView | undefined;
}

/** What one instance sends to another. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  /** Requests a second. */
  readonly rps: number;
}

/** The whole system at one moment. */
export interface SystemView {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly topology: PublishedTopology;
  readonly instances: readonly InstanceView[];
  readonly flows: readonly Flow[];
}

/** What is known of one instance. */
export interface Known {
  readonly presence: Presence;
  /** Of a balancer that takes orders. */
  readonly balancer: BalancerState | undefined;
}

/** Puts together what is known of each instance. */
export function viewSystem(
  topology: PublishedTopology,
  known: ReadonlyMap<string, Known>,
  at: number,
): SystemView {
  const instances = topology.instances.map((instance) => viewInstance(instance, topology, known));
  return { at, topology, instances, flows: flowsOf(instances) };
}

function viewInstance(
  instance: PublishedInstance,
  topology: PublishedTopology,
  known: ReadonlyMap<string, Known>,
): InstanceView {
  const presence = known.get(instance.name)?.presence ?? { kind: "unknown" };
  const vitals = presence.kind === "present" ? presence.vitals : undefined;
  const seen = upstreamOf(instance, topology, known);
  return { instance, vitals, upstream: seen?.view, ...standing(presence, seen) };
}

interface SeenUpstream {
  readonly view: UpstreamView;
  readonly reading: UpstreamReading | undefined;
}

/** The instance as the first balancer has it that sends to it. */
function upstreamOf(
  { name, origin }: PublishedInstance,
  { instances }: PublishedTopology,
  known: ReadonlyMap<string, Known>,
): SeenUpstream | undefined {
  for (const caller of instances) {
    if (!caller.calls.includes(name)) continue;
    const { presence, balancer } = known.get(caller.name) ?? {};
    const control = balancer?.upstreams.find(({ url }) => URL.parse(url)?.origin === origin);
    const readings = presence?.kind === "present" ? presence.vitals?.reading.upstreams : undefined;
    const reading = readings?.get(control?.id ?? URL.parse(origin)?.host ?? "");
    if (reading === undefined && control === undefined) continue;
    return { reading, view: { balancer: caller.name, control, ejections: reading?.ejections ?? 0 } };
  }
}

function standing(
  presence: Presence,
  seen: SeenUpstream | undefined,
): Pick<InstanceView, "state" | "reason"> {
  if (presence.kind === "unknown") return { state: "unknown", reason: "Not asked yet" };
  if (presence.kind === "absent") return { state: "down", reason: presence.reason };
  if (presence.vitals?.reading.ready === false) {
    return { state: "unready", reason: "It has nowhere to send requests to" };
  }
  if (seen?.view.control?.draining === true) {
    return { state: "draining", reason: `${seen.view.balancer} sends it no new requests` };
  }
  if (seen?.reading?.up === false) {
    return { state: "unready", reason: `It fails the health checks of ${seen.view.balancer}` };
  }
  if (seen?.reading?.ejected === true) {
    return { state: "ejected", reason: `${seen.view.balancer} gives it a rest: its answers failed` };
  }
  return { state: "up", reason: "" };
}

/**
 * What flows where. A balancer counts what it sends to each upstream. Others do not; what arrives at one that several
 * call is shared out among them by how much each has to do.
 */
function flowsOf(views: readonly InstanceView[]): Flow[] {
  const byName = new Map(views.map((view) => [view.instance.name, view]));
  return views.flatMap((from) =>
    from.instance.calls.flatMap((name) => {
      const to = byName.get(name);
      if (to === undefined) return [];
      const rps = counted(from, to) ?? shared(from, to, views);
      return [{ from: from.instance.name, to: name, rps }];
    })
  );
}

function counted({ vitals }: InstanceView, { instance, upstream }: InstanceView): number | undefined {
  if (vitals === undefined || vitals.sent.size === 0) return undefined;
  return vitals.sent.get(upstream?.control?.id ?? "") ??
    vitals.sent.get(URL.parse(instance.origin)?.host ?? "");
}

function shared(from: InstanceView, to: InstanceView, views: readonly InstanceView[]): number {
  const callers = views.filter(({ instance, state }) =>
    state !== "down" && instance.calls.includes(to.instance.name)
  );
  if (!callers.includes(from)) return 0;
  const load = callers.reduce((sum, { vitals }) => sum + (vitals?.rps ?? 0), 0);
  const part = load > 0 ? (from.vitals?.rps ?? 0) / load : 1 / callers.length;
  return (to.vitals?.rps ?? 0) * part;
}
