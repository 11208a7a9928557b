// deno-lint-ignore-file jsx-key -- rendered once, on the server: there is nothing to match up
import type { JSX } from "hono/jsx/jsx-runtime";
import type { PublishedTopology } from "./published_topology.ts";

interface PlotProps {
  title: string;
  /** How values are written: the script knows these. */
  unit: "rate" | "seconds" | "share" | "count";
  /** Names of series, or the beginning of names and a star. */
  series: string;
}

const PLOTS: readonly PlotProps[] = [
  { title: "Requests a second", unit: "rate", series: "rps" },
  { title: "Time to answer", unit: "seconds", series: "p50 p99" },
  { title: "Failures a second", unit: "rate", series: "errors" },
  { title: "Cache hits by layer", unit: "share", series: "hit:*" },
  { title: "Tasks", unit: "count", series: "queued running retrying" },
];

/** The last 15 minutes. */
export function Plots({ topology }: { topology: PublishedTopology }): JSX.Element {
  const roles = replicatedRoles(topology);
  return (
    <div class="plots">
      {PLOTS.map((plot) => <Plot {...plot} />)}
      {roles.length > 0 && (
        <figure class="panel">
          <figcaption>
            <h3>
              <label>
                Spread over{" "}
                <select id="spread">
                  {roles.map(([role, names]) => (
                    <option value={names.map((name) => `rps:${name}`).join(" ")}>{role}</option>
                  ))}
                </select>
              </label>
            </h3>
            <ul class="legend"></ul>
          </figcaption>
          <div class="plot" data-unit="rate" data-series={seriesOf(roles[0]?.[1] ?? [])}></div>
        </figure>
      )}
    </div>
  );
}

function Plot({ title, unit, series }: PlotProps): JSX.Element {
  return (
    <figure class="panel">
      <figcaption>
        <h3>{title}</h3>
        <ul class="legend"></ul>
      </figcaption>
      <div class="plot" data-unit={unit} data-series={series}></div>
    </figure>
  );
}

/** The roles with several instances, data services first: it is them that the balancing is mostly looked at for. */
function replicatedRoles({ instances }: PublishedTopology): [role: string, names: string[]][] {
  const roles = Map.groupBy(instances.filter(({ role }) => role !== "balancer"), ({ role }) => role);
  return [...roles].filter(([, members]) => members.length > 1).map(([role, members]) =>
    [role, members.map(({ name }) => name)] as [string, string[]]
  ).sort(([a], [b]) => Number(b === "service") - Number(a === "service"));
}

function seriesOf(names: readonly string[]): string {
  return names.map((name) => `rps:${name}`).join(" ");
}
