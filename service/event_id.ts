import type { Position } from "./change_tail.ts";

/** A position as the id of an event: the number of the change, and enough of the epoch to tell lives apart. */
export function writeEventId({ seq, epoch }: Position): string {
  return `${seq}-${epoch.slice(0, 8)}`;
}

/**
 * The position that an event's id names, or `undefined` when it is none. An id of another life of the database, or from
 * ahead of its log, names a position that no log holds.
 */
export function readEventId(id: string, now: Position): Position | undefined {
  const match = /^(\d{1,15})-([0-9a-f]{8})$/.exec(id);
  if (match === null) return undefined;
  const [, seq, epoch] = match;
  return { seq: Number(seq), epoch: now.epoch.startsWith(`${epoch}`) ? now.epoch : `${epoch}` };
}
