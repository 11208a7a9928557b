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
  const text = `${JSON.stringify(control)}\n`;
  try {
    await Deno.writeTextFile(path, text, { mode: 0o600, createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    const other = await readControlFile(data);
    if (other !== undefined && await running(other)) throw new DataInUseError(data, other.pid);
    await Deno.writeTextFile(path, text, { mode: 0o600 });
  }
  return {
    async [Symbol.asyncDispose]() {
      await Deno.remove(path).catch(() => {});
    },
  };
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
