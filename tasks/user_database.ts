import { originOf, type PlannedProcess } from "./plan.ts";

/**
 * The file of the database that the auth services keep their users in, or `undefined` when it is not a file of this
 * system.
 */
export function userDatabase(processes: readonly PlannedProcess[]): string | undefined {
  const target = processes.find(({ role }) => role === "auth")?.flags.find(([flag]) => flag === "database")
    ?.[1];
  const store = processes.find((process) => process.role === "store" && originOf(process) === target);
  const path = store?.flags.find(([flag]) => flag === "path")?.[1];
  return path === ":memory:" ? undefined : path;
}

/** A database file that is created now, or whose creation was interrupted. */
export interface NewDatabase {
  /** Whether its first users are still to be made. */
  readonly fresh: boolean;
  /** To be called once its first users are there. */
  settle(): Promise<void>;
}

/**
 * Looks whether a database file is still to be created. Until {@linkcode NewDatabase.settle} a mark stands beside it, so
 * that a start which is interrupted half-way does not leave a database that nobody can sign in to.
 */
export async function newDatabase(path: string): Promise<NewDatabase> {
  const mark = `${path}.new`;
  if (await exists(path) && !await exists(mark)) return { fresh: false, settle: () => Promise.resolve() };
  await Deno.writeTextFile(mark, "This database has no users yet. The mark goes away once it has.\n");
  let fresh = true;
  return {
    get fresh() {
      return fresh;
    },
    async settle() {
      fresh = false;
      await Deno.remove(mark);
    },
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
