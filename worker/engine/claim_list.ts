import { keys, type TaskRef } from "./keys.ts";
import { type Lease, transition } from "./task_state.ts";
import type { TaskEntry } from "./task_store.ts";

/**
 * What stands under a key of `held`: the tasks of one claim. It is all that a claim writes of them, so that a task which ends
 * soon is written once and not twice: a record that says still that its task waits, and whose version is the one that was
 * claimed, is of a task that runs under this claim.
 */
export interface ClaimList {
  /** The instance whose claim it is. */
  readonly holder: string;
  /** Milliseconds since the epoch. */
  readonly claimed: number;
  readonly tasks: readonly ClaimedTask[];
}

/** A task that was claimed: its owner, its id, the version of its record, the token, and the keys of the permits it takes. */
export type ClaimedTask = readonly [
  owner: string,
  id: string,
  version: string,
  token: string,
  permits: readonly Deno.KvKey[],
];

/** Which task is meant. */
export function claimedRef([owner, id]: ClaimedTask): TaskRef {
  return { owner, id };
}

/** The lease under which a claimed task runs. */
export function claimLease({ permits, ...lease }: Required<Lease>): Lease {
  return permits.length > 0 ? { ...lease, permits } : lease;
}

/** A task as its claim has made it, where its record does not say so yet; otherwise as the record says. */
export function asClaimed(
  entry: TaskEntry,
  { lease, list, claimed }: { lease: string; list: ClaimList; claimed: ClaimedTask },
): TaskEntry {
  const [, , version, token, permits] = claimed;
  if (entry.versionstamp !== version) return entry;
  const held = claimLease({ id: lease, token, holder: list.holder, permits });
  const task = transition(entry.task, { type: "claim", now: list.claimed, lease: held });
  return "refused" in task ? entry : { ...entry, task };
}

/**
 * A task as it runs whose record says that it waits, though its place in the queue is gone; `undefined` where no claim has it.
 * This goes through the claims of all workers.
 */
export async function findClaimed(kv: Deno.Kv, entry: TaskEntry): Promise<TaskEntry | undefined> {
  const { task: { id, owner: { subject } }, versionstamp } = entry;
  for await (const { key, value: list } of kv.list<ClaimList>({ prefix: keys.everyHeld })) {
    const claimed = list.tasks.find(([owner, other, version]) =>
      other === id && owner === subject && version === versionstamp
    );
    if (claimed !== undefined) return asClaimed(entry, { lease: leaseOfList(key), list, claimed });
  }
  return undefined;
}

/** The lease that a list belongs to. */
function leaseOfList(key: Deno.KvKey): string {
  return String(key[keys.everyHeld.length]);
}
