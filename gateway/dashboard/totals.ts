import type { InstanceView, SystemView } from "./system_view.ts";
import { addLayers, hitRatio, layerRatio } from "./vitals.ts";

/** The system in a few numbers. */
export interface Totals {
  /** Requests a second that clients make. */
  readonly rps: number;
  /** Failures a second that clients see. */
  readonly errors: number;
  /** Seconds, at the edge; `undefined` while nothing is answered. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  /** Share of the reads that each layer of the caches could answer, 0 to 1; `undefined` while there are none. */
  readonly hitRatios: ReadonlyMap<string, number | undefined>;
  /** Share of all reads that some layer could answer. */
  readonly hitRatio: number | undefined;
  /** Tasks by status. */
  readonly tasks: ReadonlyMap<string, number>;
  readonly up: number;
  readonly instances: number;
}

/** Adds up a system. */
export function totalsOf({ instances }: SystemView): Totals {
  const edge = instances.filter(({ instance }) => instance.tier === 0);
  const layers = addLayers(instances.map(({ vitals }) => vitals?.cache));
  return {
    rps: sum(edge, (view) => view.vitals?.rps),
    errors: sum(edge, (view) => view.vitals?.errors),
    p50: largest(edge.map(({ vitals }) => vitals?.p50)),
    p99: largest(edge.map(({ vitals }) => vitals?.p99)),
    hitRatios: new Map([...layers].map(([layer, reads]) => [layer, layerRatio(reads)])),
    hitRatio: hitRatio(layers),
    tasks: tasksOf(instances),
    up: instances.filter(({ state }) => state === "up").length,
    instances: instances.length,
  };
}

/** All workers of one store tell the same, each read at its moment. */
function tasksOf(views: readonly InstanceView[]): ReadonlyMap<string, number> {
  const told = views.map(({ vitals }) => vitals?.reading.tasks).find((tasks) => (tasks?.size ?? 0) > 0);
  return told ?? new Map();
}

function sum(views: readonly InstanceView[], value: (view: InstanceView) => number | undefined): number {
  return views.reduce((total, view) => total + (value(view) ?? 0), 0);
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
