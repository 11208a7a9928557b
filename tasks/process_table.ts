import { originOf } from "./plan.ts";
import type { SupervisedProcess } from "./process.ts";
import { renderTable } from "./table.ts";

/** The processes of a system with their addresses and what has become of them, for a person to read. */
export function processTable(processes: readonly SupervisedProcess[]): string {
  const rows = processes.map(({ plan, state }) => {
    const pid = "pid" in state ? String(state.pid) : "-";
    return [plan.name, plan.role, originOf(plan), pid, state.kind];
  });
  return renderTable(["NAME", "ROLE", "ADDRESS", "PID", "STATE"], rows);
}
