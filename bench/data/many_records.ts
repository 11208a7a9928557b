const encoder = new TextEncoder();
const TEXT = "a line of text as long as it takes to make a hundred bytes of JSON";
/** Records in one commit: with about 400 bytes each far below what one atomic write may have. */
const PER_COMMIT = 500;
/** Commits under way at once. */
const AT_ONCE = 4;

/** The id of a record by its number; ids sort as numbers do. */
export function recordId(number: number): string {
  return `r${String(number).padStart(9, "0")}`;
}

/**
 * Puts records beneath a service, as it stores them, in large atomic writes: as if they had been made long ago, so that
 * the log of changes no longer speaks of them.
 */
export async function loadRecords(kv: Deno.Kv, count: number): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) {
      const first = next;
      next += PER_COMMIT;
      await commit(kv, first, Math.min(count, first + PER_COMMIT));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function commit(kv: Deno.Kv, first: number, end: number): Promise<void> {
  const operation = kv.atomic();
  for (let number = first; number < end; number++) {
    operation.set(["data", "record", recordId(number)], stored(number));
  }
  const { ok } = await operation.commit();
  if (!ok) throw new Error(`Cannot load: the commit from record ${first} on was refused`);
}

function stored(number: number): Record<string, unknown> {
  const json = encoder.encode(JSON.stringify({ name: recordId(number), text: TEXT, count: number }));
  const time = 1_700_000_000_000 + number;
  return { json, version: 1, created: time, updated: time, owner: "admin", access: "public", sharedWith: [] };
}

/** Bytes of all files in a folder. */
export async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name } of Deno.readDir(folder)) bytes += (await Deno.stat(`${folder}/${name}`)).size;
  return bytes;
}
