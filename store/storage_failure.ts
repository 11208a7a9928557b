/** What went wrong below: no room, another process holds the file, or anything else that SQLite tells. */
export type StorageFailureKind = "full" | "busy" | "other";

/** SQLite could not do what was asked; nothing of the transaction has happened. */
export class StorageFailure extends Error {
  override readonly name = "StorageFailure";
  readonly kind: StorageFailureKind;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.kind = kindOf(cause);
  }
}

/** SQLite's primary result codes, https://www.sqlite.org/rescode.html */
const KIND_BY_CODE: Readonly<Record<number, StorageFailureKind>> = { 5: "busy", 6: "busy", 13: "full" };

/** What files say that have no room. */
const NO_ROOM = new Set<unknown>(["ENOSPC", "EDQUOT", "EFBIG"]);

/** The code where `node:sqlite` gives one (statements do, `exec` does not), else SQLite's own fixed message. */
function kindOf(cause: unknown): StorageFailureKind {
  if (!(cause instanceof Error)) return "other";
  if ("code" in cause && NO_ROOM.has(cause.code)) return "full";
  const code = "errcode" in cause && typeof cause.errcode === "number" ? cause.errcode & 0xff : undefined;
  const known = code === undefined ? undefined : KIND_BY_CODE[code];
  if (known !== undefined) return known;
  if (/database or disk is full/.test(cause.message)) return "full";
  return /database is locked/.test(cause.message) ? "busy" : "other";
}

/**
 * Ends this process: nobody can tell what of the database is as it should be, or on the disk. The next process reads what is
 * there.
 */
export function endProcess(failure: StorageFailure): void {
  queueMicrotask(() => {
    throw failure;
  });
}
