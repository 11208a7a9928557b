import type { UpstreamState } from "./upstream_state.ts";

/** What is done when few upstreams are left. */
export interface PanicOptions {
  /**
   * Share of the upstreams, 0 to 1, below which ejections no longer count: too few would be left to carry the
   * load, and so many failing alike points to a common cause. Upstreams that fail their health checks stay
   * out, since they cannot serve; only when none passes are those taken that at least answer their checks,
   * for the check itself may be what is wrong.
   *
   * @default 0.5
   */
  threshold?: number;
}

/**
 * Fills in the default.
 *
 * @throws {RangeError} when the threshold is not 0 to 1
 */
export function readPanic(options: PanicOptions = {}): Required<PanicOptions> {
  const { threshold = 0.5 } = options;
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new RangeError(`Cannot set panic: threshold must be 0 to 1, got ${threshold}`);
  }
  return { threshold };
}

/**
 * How the rotation came about:
 *
 * - `normal`: those that pass their checks and are not ejected
 * - `ejections_ignored`: those that pass their checks, ejected or not, since too few would be left
 * - `unchecked`: none is known to be up, and these have not been checked yet
 * - `failing`: none is up, and these at least answer, though not as a healthy one should
 * - `empty`: none can take a request
 */
export type RotationMode = "normal" | "ejections_ignored" | "unchecked" | "failing" | "empty";

/** Which upstreams take requests now. */
export interface Rotation {
  readonly mode: RotationMode;
  readonly upstreams: readonly UpstreamState[];
}

/** Chooses who takes requests. Pure. */
export function chooseRotation(members: readonly UpstreamState[], panic: Required<PanicOptions>): Rotation {
  const active = members.filter(({ draining }) => !draining);
  const up = active.filter(({ health }) => health.kind === "up");
  const serving = up.filter(({ ejection }) => ejection.kind === "none");
  const enough = serving.length > 0 && serving.length >= active.length * panic.threshold;
  if (enough || (serving.length > 0 && serving.length === up.length)) {
    return { mode: "normal", upstreams: serving };
  }
  if (up.length > 0) return { mode: "ejections_ignored", upstreams: up };
  const unchecked = active.filter(({ health }) => health.kind === "unknown");
  if (unchecked.length > 0) return { mode: "unchecked", upstreams: unchecked };
  const failing = active.filter(({ health }) => health.kind === "down" && health.reason !== "unreachable");
  return { mode: failing.length > 0 ? "failing" : "empty", upstreams: failing };
}

/** Whether the balancer can do its job: somebody is known to be able to take requests. */
export function isReady(rotation: Rotation): boolean {
  return rotation.mode === "normal" || rotation.mode === "ejections_ignored";
}
