/** Where a record lives. Ids are ASCII, so keys sort as ids do. */
export function recordKey(id: string): Deno.KvKey {
  return ["data", "record", id];
}

/** Holds {@linkcode Latest}; every commit checks and replaces it, so it orders all writes. */
export const LATEST_KEY: Deno.KvKey = ["data", "latest"];

/** Where the change with this number is logged. */
export function changeKey(seq: number): Deno.KvKey {
  return ["data", "change", seq];
}

/** How far the change log has come. */
export interface Latest {
  /** The number of the last change; numbers have no gaps. */
  readonly seq: number;
  /** Names this life of the database: nothing cached under another one means anything. */
  readonly epoch: string;
}

/** One entry of the change log. */
export interface Change {
  readonly id: string;
  readonly type: "put" | "delete";
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Names the commit, so that a writer knows its own after an answer was lost. */
  readonly commit: string;
  /** The record was not there before. @default false */
  readonly created?: true;
  /** Names the request that asked for it, where that may be sent twice. */
  readonly request?: string;
  /** Who may know of it. */
  readonly scope: Scope;
  /** Who could know of the record before, when that was somebody else. */
  readonly was?: Scope;
}

/** Who may see a record. */
export type Access = "private" | "shared" | "public";

/** Whose a record is and who else may see it. */
export interface Scope {
  readonly owner: string;
  readonly access: Access;
  /** Usernames, for access `shared`. */
  readonly sharedWith: readonly string[];
}
