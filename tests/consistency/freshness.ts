import { describe, type Operation, type Version } from "./history.ts";

/** A read that was older than it may be, and the write it should have seen. */
export interface StaleRead {
  readonly read: Operation;
  readonly missed: Operation;
  /** Milliseconds from the end of the write to the start of the read. */
  readonly age: number;
}

/**
 * The reads that did not see a write which was acknowledged longer before them than they may be out of date. Versions
 * grow with each write of a record, so a read of a lower version than an acknowledged one is an older state.
 *
 * @param operations all on one record
 * @param options.bound milliseconds that every read may be out of date, beyond what it asked for
 */
export function staleReads(operations: readonly Operation[], options: { bound: number }): StaleRead[] {
  const acknowledged = operations.filter(isAcknowledged).sort((one, other) => one.end - other.end);
  return operations.flatMap((read) => {
    const version = foundVersion(read);
    if (version === undefined) return [];
    const limit = read.start - options.bound - (read.maxStale ?? 0);
    const missed = newest(acknowledged, limit);
    if (missed === undefined || missed.version <= version) return [];
    return [{ read, missed: missed.operation, age: read.start - missed.operation.end }];
  });
}

/** The reads that did not see the same client's own earlier write, or went back behind its own earlier read. */
export function brokenSessions(operations: readonly Operation[]): StaleRead[] {
  return [...Map.groupBy(operations, ({ client }) => client).values()].flatMap((own) => {
    const broken: StaleRead[] = [];
    let seen: { version: Version; operation: Operation } | undefined;
    for (const operation of own.toSorted((one, other) => one.start - other.start)) {
      if ((operation.maxStale ?? 0) > 0) continue;
      const version = foundVersion(operation) ?? writtenVersion(operation);
      if (version === undefined) continue;
      if (seen !== undefined && version < seen.version) {
        broken.push({ read: operation, missed: seen.operation, age: operation.start - seen.operation.end });
      } else seen = { version, operation };
    }
    return broken;
  });
}

/** A stale read as a sentence. */
export function describeStale({ read, missed, age }: StaleRead): string {
  return `${describe(read)} did not see ${describe(missed)}, ${age.toFixed(1)} ms before it`;
}

function newest(
  acknowledged: readonly Operation[],
  limit: number,
): { version: Version; operation: Operation } | undefined {
  let best: { version: Version; operation: Operation } | undefined;
  for (const operation of acknowledged) {
    if (operation.end >= limit) break;
    const version = writtenVersion(operation) ?? 0;
    if (best === undefined || version > best.version) best = { version, operation };
  }
  return best;
}

function isAcknowledged(operation: Operation): boolean {
  return writtenVersion(operation) !== undefined;
}

function writtenVersion({ outcome }: Operation): Version | undefined {
  return outcome.kind === "written" || outcome.kind === "superseded" ? outcome.version : undefined;
}

function foundVersion({ outcome }: Operation): Version | undefined {
  return outcome.kind === "found" ? outcome.version : undefined;
}
