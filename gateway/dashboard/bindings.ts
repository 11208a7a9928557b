import { bytes, count, duration, percent, rate } from "./figures.ts";
import type { Flow, InstanceView, SystemView } from "./system_view.ts";
import { totalsOf } from "./totals.ts";

/** What the page shows, by the names under which its elements ask for it. The server fills the page in with it and sends what changes. */
export type Bindings = Readonly<Record<string, string>>;

/** The name of a flow. */
export function flowKey({ from, to }: Pick<Flow, "from" | "to">): string {
  return `${from}>${to}`;
}

/** Makes what the page shows of a system. */
export function bindingsOf(view: SystemView): Bindings {
  return Object.fromEntries([
    ...totalBindings(view),
    ...view.instances.flatMap(instanceBindings),
    ...view.flows.flatMap((flow) => flowBindings(flow, view)),
  ]);
}

/** What of `now` is not as it was in `before`. */
export function changedBindings(before: Bindings, now: Bindings): Bindings {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => before[name] !== value));
}

type Pairs = [name: string, value: string][];

function totalBindings(view: SystemView): Pairs {
  const totals = totalsOf(view);
  const troubled = view.instances.filter(({ state }) => state !== "up");
  return [
    ["rps", rate(totals.rps)],
    ["errors", rate(totals.errors)],
    ["errors.state", totals.errors > 0.05 ? "bad" : "good"],
    ["p50", duration(totals.p50)],
    ["p99", duration(totals.p99)],
    ["hit", percent(totals.hitRatio)],
    ["up", `${totals.up}/${totals.instances}`],
    ["up.state", troubled.length > 0 ? "bad" : "good"],
    ["health", healthOf(view)],
    ["health.state", troubled.length > 0 ? "bad" : "good"],
    ...["scheduled", "queued", "running", "retrying", "succeeded", "failed"].map((status) =>
      [`tasks.${status}`, count(totals.tasks.get(status))] satisfies [string, string]
    ),
  ];
}

/** One sentence about the whole. */
function healthOf({ instances }: SystemView): string {
  if (instances.length === 0) return "No topology is published yet: start the system with deno task up";
  const troubled = instances.filter(({ state }) => state !== "up");
  if (troubled.length === 0) return `All ${instances.length} instances are up`;
  return troubled.map(({ instance, state }) => `${instance.name} is ${state}`).join(", ");
}

function instanceBindings({ instance: { name }, state, reason, vitals, upstream }: InstanceView): Pairs {
  const draining = upstream?.control?.draining === true;
  return [
    [`${name}.state`, state],
    [`${name}.reason`, reason],
    [`${name}.rps`, rate(vitals?.rps)],
    [`${name}.errors`, rate(vitals?.errors)],
    [`${name}.errors.state`, (vitals?.errors ?? 0) > 0.05 ? "bad" : "good"],
    [`${name}.p50`, duration(vitals?.p50)],
    [`${name}.p99`, duration(vitals?.p99)],
    [`${name}.inflight`, count(vitals?.reading.inFlight)],
    [`${name}.memory`, bytes(vitals?.reading.memory)],
    [`${name}.lag`, duration(vitals?.lag)],
    [`${name}.ejections`, count(upstream?.ejections)],
    [`${name}.weight`, upstream?.control === undefined ? "" : String(upstream.control.weight)],
    [`${name}.controls`, upstream?.control === undefined ? "none" : draining ? "resume" : "drain"],
    [`${name}.short`, state === "up" ? `${rate(vitals?.rps)}/s · ${duration(vitals?.p99)}` : state],
    [`${name}.tiny`, state === "up" ? `${rate(vitals?.rps)}/s` : state],
  ];
}

function flowBindings(flow: Flow, { instances }: SystemView): Pairs {
  const key = flowKey(flow);
  const target = instances.find(({ instance }) => instance.name === flow.to);
  const broken = target?.state === "down";
  return [
    [`${key}.width`, thickness(flow.rps)],
    [`${key}.state`, broken ? "broken" : flow.rps < 0.05 ? "still" : "flowing"],
    [`${key}.title`, `${flow.from} to ${flow.to}: ${rate(flow.rps)}/s`],
  ];
}

/** Grows with the logarithm: a line of 10 a second and one of 10,000 can both be seen. */
function thickness(rps: number): string {
  return (1.5 + 2.5 * Math.log10(1 + rps)).toFixed(1);
}
