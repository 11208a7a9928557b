/** A version of a record: the number in its entity tag. */
export type Version = number;

/** What a client asked of one record. */
export type Call =
  | { readonly kind: "read" }
  /** Writes a value that no other write has: the token. */
  | { readonly kind: "put"; readonly token: string; readonly condition?: Condition }
  | { readonly kind: "delete"; readonly condition?: Condition };

/** What has to be so for a write to take effect: a version stands there, or no record does. */
export type Condition = { readonly kind: "version"; readonly version: Version } | { readonly kind: "absent" };

/** What the client was told. */
export type Outcome =
  | { readonly kind: "found"; readonly version: Version; readonly token: string }
  /** There is no such record. */
  | { readonly kind: "absent" }
  | { readonly kind: "written"; readonly version: Version }
  /** It was done, and something newer stood there already. */
  | { readonly kind: "superseded"; readonly version: Version }
  | { readonly kind: "deleted" }
  /** The condition was not met. */
  | { readonly kind: "refused" }
  /** No answer, or one that does not tell: a write may have taken effect, or may still do so. */
  | { readonly kind: "unknown"; readonly reason?: string };

/** One request and its answer. */
export interface Operation {
  /** Who asked; a client asks one thing after the other. */
  readonly client: string;
  readonly key: string;
  readonly call: Call;
  readonly outcome: Outcome;
  /** When it was sent, in milliseconds on one clock. */
  readonly start: number;
  /** When the answer had come. */
  readonly end: number;
  /** Milliseconds for which a read may be out of date. @default 0 */
  readonly maxStale?: number;
}

/** All that clients saw. */
export type History = readonly Operation[];

/** The operations on each record. */
export function byKey(history: History): Map<string, Operation[]> {
  return Map.groupBy(history, ({ key }) => key);
}

/** An operation in a few words, for a message. */
export function describe({ client, call, outcome, start, end }: Operation): string {
  return `${client} ${describeCall(call)} -> ${describeOutcome(outcome)} [${start.toFixed(1)}, ${
    end.toFixed(1)
  }]`;
}

function describeCall(call: Call): string {
  if (call.kind === "read") return "read";
  const condition = call.condition === undefined ? "" : ` if ${describeCondition(call.condition)}`;
  return call.kind === "put" ? `put ${call.token}${condition}` : `delete${condition}`;
}

function describeCondition(condition: Condition): string {
  return condition.kind === "absent" ? "absent" : `at ${condition.version}`;
}

function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "found":
      return `found ${outcome.token} at ${outcome.version}`;
    case "written":
    case "superseded":
      return `${outcome.kind} at ${outcome.version}`;
    default:
      return outcome.kind;
  }
}
