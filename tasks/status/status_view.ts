import { bold, dim, green, red, yellow } from "@std/fmt/colors";
import { renderTable } from "../table.ts";
import type { InstanceState, InstanceStatus } from "./instance_status.ts";
import type { SystemStatus } from "./system_status.ts";

/** A column of the table, the more needed the lower its rank: where there is little room, the highest go first. */
interface Column {
  readonly heading: string;
  readonly rank: number;
  readonly cell: (status: InstanceStatus) => string;
}

const COLUMNS: readonly Column[] = [
  { heading: "INSTANCE", rank: 0, cell: ({ name }) => name },
  { heading: "ROLE", rank: 11, cell: ({ role }) => role },
  { heading: "ADDRESS", rank: 10, cell: ({ address }) => address.replace("http://", "") },
  { heading: "STATE", rank: 1, cell: ({ state }) => state },
  { heading: "IN FLIGHT", rank: 6, cell: ({ inFlight }) => fixed(inFlight, 0) },
  { heading: "REQ/S", rank: 2, cell: ({ rps }) => fixed(rps, 1) },
  { heading: "P50 MS", rank: 9, cell: ({ p50 }) => fixed(p50, 1) },
  { heading: "P99 MS", rank: 3, cell: ({ p99 }) => fixed(p99, 1) },
  { heading: "ERR/S", rank: 4, cell: ({ errors }) => fixed(errors, 1) },
  { heading: "LAG MS", rank: 7, cell: ({ lag }) => fixed(lag, 1) },
  {
    heading: "MEMORY",
    rank: 5,
    cell: ({ memory }) => memory === null ? "-" : `${(memory / 1_048_576).toFixed(0)} MiB`,
  },
  { heading: "HITS", rank: 8, cell: ({ hitRatio }) => percent(hitRatio) },
];

const COLOURS: Readonly<Record<InstanceState, (text: string) => string>> = {
  ready: green,
  unready: yellow,
  draining: yellow,
  ejected: yellow,
  down: red,
};

/** How {@linkcode renderStatus} renders. */
export interface StatusViewOptions {
  /** Characters that a line may have; columns that do not fit are left out. @default as many as it takes */
  columns?: number;
}

/** Renders how a system does as lines for a terminal. */
export function renderStatus(status: SystemStatus, options: StatusViewOptions = {}): string[] {
  const { at, instances, totals } = status;
  const { ready, queueDepth, tasksRunning, hitRatio } = totals;
  const [headings = "", rule = "", ...rows] = tableOf(instances, options.columns ?? Infinity).split("\n");
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

function tableOf(instances: readonly InstanceStatus[], width: number): string {
  for (let rank = COLUMNS.length;; rank--) {
    const columns = COLUMNS.filter((column) => column.rank < rank);
    const table = renderTable(
      columns.map(({ heading }) => heading),
      instances.map((status) => columns.map(({ cell }) => cell(status))),
    );
    const needed = Math.max(...table.split("\n").map((line) => line.length));
    if (needed <= width || columns.length <= 2) return table;
  }
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
