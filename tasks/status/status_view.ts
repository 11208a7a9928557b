import { bold, dim, green, red, yellow } from "@std/fmt/colors";
import { renderTable } from "../table.ts";
import type { InstanceState, InstanceStatus } from "./instance_status.ts";
import type { SystemStatus } from "./system_status.ts";

const HEADINGS = [
  ...["INSTANCE", "ROLE", "ADDRESS", "STATE", "IN FLIGHT", "REQ/S"],
  ...["P50 MS", "P99 MS", "ERR/S", "LAG MS", "MEMORY", "HITS"],
];

const COLOURS: Readonly<Record<InstanceState, (text: string) => string>> = {
  ready: green,
  unready: yellow,
  ejected: yellow,
  down: red,
};

/** Renders how a system does as lines for a terminal. */
export function renderStatus({ at, instances, totals }: SystemStatus): string[] {
  const { ready, queueDepth, tasksRunning, hitRatio } = totals;
  const [headings = "", rule = "", ...rows] = renderTable(HEADINGS, instances.map(cellsOf)).split("\n");
  const all = `${ready} of ${totals.instances} ready`;
  return [
    `${bold("Flotilla")}  ${ready === totals.instances ? green(all) : red(all)}  ${
      dim(at.slice(11, 19))
    } UTC`,
    "",
    dim(headings),
    dim(rule),
    ...rows.map((row, index) => colourState(row, instances[index])),
    "",
    `cache hits ${percent(hitRatio)}, tasks waiting ${queueDepth ?? "-"}, running ${tasksRunning ?? "-"}`,
  ];
}

function cellsOf(status: InstanceStatus): string[] {
  const { name, role, address, state, inFlight, rps, p50, p99, errors, lag, memory, hitRatio } = status;
  return [
    ...[name, role, address.replace("http://", ""), state, fixed(inFlight, 0), fixed(rps, 1)],
    ...[fixed(p50, 1), fixed(p99, 1), fixed(errors, 1), fixed(lag, 1)],
    memory === null ? "-" : `${(memory / 1_048_576).toFixed(0)} MiB`,
    percent(hitRatio),
  ];
}

function colourState(row: string, status: InstanceStatus | undefined): string {
  if (status === undefined) return row;
  return row.replace(` ${status.state} `, ` ${COLOURS[status.state](status.state)} `);
}

function fixed(value: number | null, digits: number): string {
  return value === null ? "-" : value.toFixed(digits);
}

function percent(share: number | null): string {
  return share === null ? "-" : `${(100 * share).toFixed(1)}%`;
}
