import { join } from "@std/path";
import { z } from "zod";

const controlFileSchema = z.object({ origin: z.url(), run: z.string(), pid: z.int() });

/** Where a running system takes orders: what it leaves in the folder of its data. */
export type ControlFile = z.infer<typeof controlFileSchema>;

/** Another system has its data in this folder, and runs. */
export class DataInUseError extends Error {
  override readonly name = "DataInUseError";

  constructor(data: string, pid: number) {
    super(`${data} is in use by the system of process ${pid}: give --data another folder`);
  }
}

/**
 * Tells others where the system of this folder takes orders, until disposed. It answers there already, so that of two
 * systems which start at the same time one finds the other.
 *
 * @param running whether the system that left a file runs
 * @throws {DataInUseError} when another one does
 */
export async function writeControlFile(
  data: string,
  control: ControlFile,
  running: (control: ControlFile) => Promise<boolean>,
): Promise<AsyncDisposable> {
  const path = pathIn(data);
  await locked(data, async () => {
    const other = await readControlFile(data);
    if (other !== undefined && await running(other)) throw new DataInUseError(data, other.pid);
    // A reader finds the old file or the new one, and never half of one.
    await Deno.writeTextFile(`${path}.new`, `${JSON.stringify(control)}\n`, { mode: 0o600 });
    await Deno.rename(`${path}.new`, path);
  });
  const remove = async () => {
    if ((await readControlFile(data))?.run === control.run) await Deno.remove(path);
  };
  return {
    async [Symbol.asyncDispose]() {
      await locked(data, remove).catch(() => {});
    },
  };
}

/**
 * Does what no other system may do to the file meanwhile. The lock has a file of its own, which stays: one that is removed could
 * be locked by two. A process that is killed lets go of it.
 */
async function locked(data: string, work: () => Promise<void>): Promise<void> {
  using file = await Deno.open(join(data, "control.lock"), { create: true, write: true, mode: 0o600 });
  await file.lock(true);
  await work();
}

/** Where the system of this folder takes orders; `undefined` when it did not say. It may have been killed since. */
export async function readControlFile(data: string): Promise<ControlFile | undefined> {
  try {
    return controlFileSchema.safeParse(JSON.parse(await Deno.readTextFile(pathIn(data)))).data;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function pathIn(data: string): string {
  return join(data, "control.json");
}
