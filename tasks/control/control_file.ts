import { join } from "@std/path";
import { z } from "zod";

const controlFileSchema = z.object({ origin: z.url(), run: z.string(), pid: z.int() });

/** Where a running system takes orders: what it leaves in the folder of its data. */
export type ControlFile = z.infer<typeof controlFileSchema>;

/** Tells others where the system of this folder takes orders, until disposed. */
export async function writeControlFile(data: string, control: ControlFile): Promise<AsyncDisposable> {
  const path = pathIn(data);
  await Deno.writeTextFile(path, `${JSON.stringify(control)}\n`, { mode: 0o600 });
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
