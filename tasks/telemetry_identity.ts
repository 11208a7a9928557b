import type { Environment } from "@flotilla/runtime";
import type { PlannedProcess } from "./plan.ts";

/**
 * Who a process is in traces, logs and measures, and which traces it may begin, as variables of OpenTelemetry: the
 * service is the group (`service`), the instance is the process (`service_1`).
 *
 * Only a process that no other calls begins traces. The others record what belongs to a caller's trace, so that neither
 * health checks nor the work that a role does for itself leave traces of one span.
 */
export function telemetryIdentity(
  { name, group }: PlannedProcess,
  options: { processes: readonly PlannedProcess[]; environment: Environment },
): Record<string, string> {
  const { processes, environment } = options;
  // One that joins a group is called soon, though by nobody yet.
  const instances = new Set(
    processes.filter((process) => process.group === group).map((process) => process.name),
  );
  const called = processes.some(({ calls }) =>
    calls.some((target) => target === name || instances.has(target))
  );
  return {
    OTEL_SERVICE_NAME: group,
    OTEL_RESOURCE_ATTRIBUTES: `service.namespace=flotilla,service.instance.id=${name}`,
    // Deno's own default would record what a caller has decided not to.
    OTEL_TRACES_SAMPLER: called
      ? "parentbased_always_off"
      : environment["OTEL_TRACES_SAMPLER"] ?? "parentbased_always_on",
  };
}
