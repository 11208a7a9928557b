/**
 * Counts how often a process flushes to the disk while `work` is done; `undefined` where there is no strace, or it may not
 * look at other processes.
 */
export async function countFlushes(pid: number, work: () => Promise<unknown>): Promise<number | undefined> {
  const file = await Deno.makeTempFile();
  try {
    const args = ["-f", "-c", "-e", "trace=fsync,fdatasync", "-o", file, "-p", String(pid)];
    const child = new Deno.Command("strace", { args, stdin: "null", stdout: "null", stderr: "piped" })
      .spawn();
    if (!await attached(child.stderr)) return undefined;
    await work();
    child.kill("SIGINT");
    await child.status;
    return flushesIn(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    await Deno.remove(file);
  }
}

/** Reads on to the end, so that the child is never held up, but says so as soon as it has attached. */
async function attached(errors: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<boolean> {
  const reader = errors.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes("attached");) {
    const { done, value = "" } = await reader.read();
    if (done) return false;
    text += value;
  }
  void (async () => {
    while (!(await reader.read()).done);
  })();
  return true;
}

/** The calls of all rows of strace's summary: time, seconds, microseconds a call, calls, errors, name. */
function flushesIn(summary: string): number {
  const rows = summary.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?f(?:data)?sync$/gm);
  return [...rows].reduce((sum, [, calls]) => sum + Number(calls), 0);
}
