import { basename, dirname, join } from "@std/path";

/** Milliseconds after which nobody uses a folder any more: no test takes a day. */
const LEFT_AFTER = 86_400_000;

/**
 * Removes what earlier runs left behind that were killed: folders of the same owner beside `folder` whose names begin with
 * `prefix`, made a day before it. One that cannot be removed stays; another run may be removing it.
 *
 * @returns the names of those that are gone
 */
export async function removeLeftFolders(folder: string, prefix: string): Promise<string[]> {
  const parent = dirname(folder);
  const { uid, mtime } = await Deno.stat(folder);
  const isLeft = (other: Deno.FileInfo) =>
    other.uid === uid && Number(other.mtime) < Number(mtime) - LEFT_AFTER;
  const removed: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    if (!isDirectory || !name.startsWith(prefix) || name === basename(folder)) continue;
    const path = join(parent, name);
    try {
      if (!isLeft(await Deno.lstat(path))) continue;
      await Deno.remove(path, { recursive: true });
      removed.push(name);
    } catch { /* it stays */ }
  }
  return removed;
}
