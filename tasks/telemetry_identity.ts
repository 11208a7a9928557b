import type { Environment } from "@flotilla/runtime";
import type { PlannedProcess } from "./plan.ts";

/** New traces a second at most that the edge begins when nobody says otherwise: enough to look at, and not felt. */
const TRACE_RATE = "10";

/** What the telemetry of a process depends on. */
export interface TelemetryOptions {
  /** All processes of the system. */
  readonly processes: readonly PlannedProcess[];
  /** What the supervisor was started with. */
  readonly environment: Environment;
}

/**
 * Who a process is in traces, logs and measures, and which traces it may begin, as variables of OpenTelemetry: the
 * service is the group (`service`), the instance is the process (`service_1`).
 *
 * Only a process that no other calls begins traces. The others record what belongs to a caller's trace, so that neither
 * health checks nor the work that a role does for itself leave traces of one span.
 */
export function telemetryIdentity(
  process: PlannedProcess,
  options: TelemetryOptions,
): Record<string, string> {
  const { environment } = options;
  const { name, group } = process;
  return {
    OTEL_SERVICE_NAME: group,
    OTEL_RESOURCE_ATTRIBUTES: `service.namespace=flotilla,service.instance.id=${name}`,
    // Deno's own default would record what a caller has decided not to.
    OTEL_TRACES_SAMPLER: isCalled(process, options)
      ? "parentbased_always_off"
      : environment["OTEL_TRACES_SAMPLER"] ?? "parentbased_always_on",
    // Each request would pay for measures that /metrics has already, and for baggage that no role reads.
    OTEL_DENO_METRICS: environment["OTEL_DENO_METRICS"] ?? "false",
    OTEL_PROPAGATORS: "tracecontext",
  };
}

/**
 * The flags of a process that has to do with where traces begin. At the edge it is so many a second, so that the cost is
 * bounded at any throughput; a sampler that the environment names is asked about every request instead.
 */
export function telemetryFlags(process: PlannedProcess, options: TelemetryOptions): string[] {
  const { environment } = options;
  const { role, flags } = process;
  if (environment["OTEL_DENO"] === undefined || (role !== "balancer" && role !== "gateway")) return [];
  if (isCalled(process, options) || flags.some(([flag]) => flag === "trace-rate")) return [];
  return [`--trace-rate=${environment["OTEL_TRACES_SAMPLER"] === undefined ? TRACE_RATE : "unlimited"}`];
}

function isCalled({ name, group }: PlannedProcess, { processes }: TelemetryOptions): boolean {
  // One that joins a group is called soon, though by nobody yet.
  const instances = new Set(
    processes.filter((process) => process.group === group).map((process) => process.name),
  );
  return processes.some(({ calls }) => calls.some((target) => target === name || instances.has(target)));
}
