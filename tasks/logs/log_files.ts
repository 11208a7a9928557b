import { join } from "@std/path";
import { TextLineStream } from "@std/streams";

/** The log of one instance: its file, and perhaps an older one beside it. */
export interface InstanceLog {
  readonly instance: string;
  readonly path: string;
}

/** Finds the logs in a folder, by name. */
export async function findLogs(folder: string): Promise<InstanceLog[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  return names.filter((name) => name.endsWith(".log")).sort()
    .map((name) => ({ instance: name.slice(0, -".log".length), path: join(folder, name) }));
}

/** The lines of a log, the oldest first: those of `NAME.log.1`, if it is there, before those of `NAME.log`. */
export async function* readLines({ path }: InstanceLog): AsyncGenerator<string> {
  for (const part of [`${path}.1`, path]) {
    let file: Deno.FsFile;
    try {
      file = await Deno.open(part);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      throw error;
    }
    yield* file.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  }
}
