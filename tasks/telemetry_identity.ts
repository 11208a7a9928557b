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
  { name }: PlannedProcess,
  options: { processes: readonly PlannedProcess[]; environment: Environment },
): Record<string, string> {
  const { processes, environment } = options;
  const called = processes.some(({ calls }) => calls.includes(name));
  return {
    OTEL_SERVICE_NAME: name.replace(/_\d+$/, ""),
    OTEL_RESOURCE_ATTRIBUTES: `service.namespace=flotilla,service.instance.id=${name}`,
    // Deno's own default would record what a caller has decided not to.
    OTEL_TRACES_SAMPLER: called
      ? "parentbased_always_off"
      : environment["OTEL_TRACES_SAMPLER"] ?? "parentbased_always_on",
  };
}
