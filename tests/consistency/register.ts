import type { Condition, Operation, Version } from "./history.ts";

/** What stands at a record: nothing, or the value of one write. */
export type State =
  | { readonly kind: "absent" }
  /** The version is not known when the write's answer was lost. */
  | { readonly kind: "present"; readonly token: string; readonly version: Version | undefined };

/** A record that was never written. */
export const ABSENT: State = { kind: "absent" };

/**
 * The state after an operation that takes effect at one moment, or `undefined` when it cannot have been answered as it was
 * in this state. A write whose answer was lost does what its condition says.
 *
 * @param versions the versions of writes by their tokens, as far as anybody saw them
 */
export function step(
  state: State,
  { call, outcome }: Operation,
  versions: ReadonlyMap<string, Version>,
): State | undefined {
  if (call.kind === "read") return readStep(state, outcome);
  const met = isMet(state, call.condition);
  if (call.kind === "delete") return deleteStep(state, { outcome, met });
  const known = "version" in outcome ? outcome.version : versions.get(call.token);
  const written: State = { kind: "present", token: call.token, version: known };
  switch (outcome.kind) {
    case "written":
    case "superseded":
      return met ? written : undefined;
    case "refused":
      return met ? undefined : state;
    case "unknown":
      return met ? written : state;
    default:
      return undefined;
  }
}

function readStep(state: State, outcome: Operation["outcome"]): State | undefined {
  switch (outcome.kind) {
    case "unknown":
      return state;
    case "absent":
      return state.kind === "absent" ? state : undefined;
    case "found":
      return state.kind === "present" && state.token === outcome.token &&
          (state.version === undefined || state.version === outcome.version)
        ? { ...state, version: outcome.version }
        : undefined;
    default:
      return undefined;
  }
}

function deleteStep(
  state: State,
  { outcome, met }: { outcome: Operation["outcome"]; met: boolean },
): State | undefined {
  const present = state.kind === "present";
  switch (outcome.kind) {
    case "deleted":
      return present && met ? ABSENT : undefined;
    case "absent":
      return present ? undefined : state;
    case "refused":
      return present && !met ? state : undefined;
    case "unknown":
      return present && met ? ABSENT : state;
    default:
      return undefined;
  }
}

function isMet(state: State, condition: Condition | undefined): boolean {
  if (condition === undefined) return true;
  if (condition.kind === "absent") return state.kind === "absent";
  return state.kind === "present" && state.version === condition.version;
}

/** The state in a few characters, the same for the same state. */
export function stateKey(state: State): string {
  return state.kind === "absent" ? "" : state.token;
}
