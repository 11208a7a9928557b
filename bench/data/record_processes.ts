import { dirname, fromFileUrl } from "@std/path";
import { type Pinned, startPinned } from "../pinned.ts";

const ROOT = dirname(dirname(dirname(fromFileUrl(import.meta.url))));

/** A store with its file in a folder, and a service before it. */
export interface RecordProcesses extends AsyncDisposable {
  /** Where the store is. */
  readonly store: string;
  /** Where the service is. */
  readonly service: string;
  /** From the start of the process until it was ready; milliseconds. */
  readonly storeStartMs: number;
  /** From the start of the process until it was ready; milliseconds. */
  readonly serviceStartMs: number;
}

/** Starts both and waits until they are ready. */
export async function startRecords(
  { folder, port }: { folder: string; port: number },
): Promise<RecordProcesses> {
  await using parts = new AsyncDisposableStack();
  const [store, service] = [port, port + 1].map((own) => `http://127.0.0.1:${own}`);
  const run = (role: string, ...args: string[]) =>
    parts.use(startPinned([
      ...[Deno.execPath(), "run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env"],
      ...["--allow-read", `--allow-write=${folder}`, `${ROOT}/${role}/main.ts`],
      ...args,
    ], {}));
  const storeStartMs = await ready(
    `${store}`,
    () => run("store", "--port", String(port), "--path", `${folder}/database.sqlite`),
  );
  const serviceStartMs = await ready(
    `${service}`,
    () => run("service", "--port", String(port + 1), "--database", `${store}`),
  );
  const started = parts.move();
  return {
    store: `${store}`,
    service: `${service}`,
    storeStartMs,
    serviceStartMs,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Milliseconds until the process that `start` starts says that it is ready. */
async function ready(origin: string, start: () => Pinned): Promise<number> {
  const begun = performance.now();
  const process = start();
  while (performance.now() - begun < 60_000) {
    try {
      const response = await fetch(`${origin}/readyz`);
      await response.body?.cancel();
      if (response.ok) return performance.now() - begun;
    } catch {
      // It does not listen yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Cannot start: nothing is ready at ${origin}: ${process.errors()}`);
}
