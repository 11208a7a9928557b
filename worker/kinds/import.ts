import { TextLineStream } from "@std/streams";
import { z } from "zod";
import { defineTask, PermanentError } from "../engine/define_task.ts";
import type { ServiceCaller } from "../engine/task_context.ts";
import { refusalOf } from "./service_records.ts";

/** Lines sent to the service at once. */
const BATCH = 500;
/** Characters sent at once, about: the rest of a batch waits for the next one. */
const BATCH_LENGTH = 1_000_000;
/** Failed lines that the result names. */
const FAILURES = 100;

const tallySchema = z.object({
  created: z.number(),
  replaced: z.number(),
  skipped: z.number(),
  failed: z.number(),
  failures: z.array(z.looseObject({ line: z.number(), detail: z.string() })),
});

/** What became of the lines of an import. */
interface ImportTotals extends z.infer<typeof tallySchema> {
  lines: number;
}

/**
 * Writes the records of an uploaded file of JSON Lines, as `export` makes them. A line without an id gets one that comes
 * from the task and the line, so that a run that is repeated writes the same records again and not others beside them.
 */
export const importRecords = defineTask({
  name: "import",
  input: z.strictObject({
    /** The `file` that `POST /longtask/uploads` gave. */
    file: z.string().max(64),
    /** What happens to records that stand already. */
    existing: z.enum(["replace", "skip"]).default("replace"),
  }),
  timeout: 3_600_000,
  async run({ id, input, service, upload, progress, signal }) {
    const file = await upload(input.file);
    const totals: ImportTotals = { lines: 0, created: 0, replaced: 0, skipped: 0, failed: 0, failures: [] };
    let bytes = 0;
    for await (const batch of batches(file.open(), id)) {
      signal.throwIfAborted();
      add(totals, await send(service, batch.lines, input.existing));
      totals.lines += batch.lines.length;
      bytes += batch.length;
      progress(bytes / Math.max(1, file.size), `${totals.lines} lines`);
    }
    return totals;
  },
});

interface Batch {
  readonly lines: readonly string[];
  readonly length: number;
}

async function* batches(
  content: ReadableStream<Uint8Array<ArrayBuffer>>,
  task: string,
): AsyncGenerator<Batch> {
  const lines = content.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  let batch: string[] = [];
  let length = 0;
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    batch.push(withId(line, `import-${task}-${number}`));
    length += line.length + 1;
    if (batch.length < BATCH && length < BATCH_LENGTH) continue;
    yield { lines: batch, length };
    batch = [];
    length = 0;
  }
  if (batch.length > 0) yield { lines: batch, length };
}

/** A line that is no JSON object is sent as it is, for the service to say what is wrong with it. */
function withId(line: string, id: string): string {
  try {
    const record: unknown = JSON.parse(line);
    if (typeof record !== "object" || record === null || Array.isArray(record) || "id" in record) return line;
    return JSON.stringify({ id, ...record });
  } catch {
    return line;
  }
}

async function send(service: ServiceCaller, lines: readonly string[], existing: string) {
  const response = await service(`/data/import?existing=${existing}`, {
    method: "POST",
    headers: { "content-type": "application/jsonl" },
    body: `${lines.join("\n")}\n`,
  });
  if (!response.ok) throw await refusalOf(response);
  const { success, data } = tallySchema.safeParse(await response.json());
  if (!success) throw new PermanentError("The service did not say what became of the lines");
  return data;
}

function add(totals: ImportTotals, tally: z.infer<typeof tallySchema>): void {
  totals.created += tally.created;
  totals.replaced += tally.replaced;
  totals.skipped += tally.skipped;
  totals.failed += tally.failed;
  const room = FAILURES - totals.failures.length;
  totals.failures.push(
    ...tally.failures.slice(0, room).map((failure) => ({
      ...failure,
      line: totals.lines + failure.line,
    })),
  );
}
