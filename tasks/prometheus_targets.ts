import { join } from "@std/path";
import { adminOriginOf, type PlannedProcess } from "./plan.ts";

/** Some targets with the same labels, as Prometheus reads them (`file_sd_config`). */
export interface PrometheusTargets {
  /** `host:port`. */
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Where measures are told: one entry a process. Balancers tell theirs on the port where they take orders. */
export function prometheusTargets(processes: readonly PlannedProcess[]): PrometheusTargets[] {
  return processes.map((process) => ({
    targets: [new URL(adminOriginOf(process)).host],
    labels: { instance: process.name, group: process.group, role: process.role },
  }));
}

/**
 * Writes the targets into the folder of the data, whole at once: Prometheus looks again whenever the file changes. To be
 * called at every change of the processes.
 */
export async function writePrometheusTargets(
  processes: readonly PlannedProcess[],
  data: string,
): Promise<void> {
  const path = join(data, "prometheus_targets.json");
  await Deno.writeTextFile(`${path}.new`, `${JSON.stringify(prometheusTargets(processes), null, 2)}\n`);
  await Deno.rename(`${path}.new`, path);
}
