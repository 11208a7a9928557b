import { z } from "zod";
import { PermanentError } from "../engine/define_task.ts";
import type { ServiceCaller } from "../engine/task_context.ts";

const pageSchema = z.object({
  data: z.array(z.looseObject({ id: z.string(), value: z.unknown(), created: z.string() })),
  next: z.string().nullish(),
});

/** A record of the data service, as far as tasks read it. */
export type ServiceRecord = z.infer<typeof pageSchema>["data"][number];

/** Records asked for at once. */
const PAGE = 200;

/**
 * The records that the task's owner may read, page by page.
 *
 * @throws {PermanentError} when the service refuses the request: asking again would not help
 * @throws {Error} when it cannot answer now
 */
export async function* readRecords(
  service: ServiceCaller,
  options: { prefix?: string | undefined } = {},
): AsyncGenerator<ServiceRecord[]> {
  const query = new URLSearchParams({ limit: `${PAGE}` });
  if (options.prefix !== undefined) query.set("prefix", options.prefix);
  for (;;) {
    const response = await service(`/data?${query}`);
    if (!response.ok) throw await refusalOf(response);
    const { data, next } = pageSchema.parse(await response.json());
    yield data;
    if (next === null || next === undefined) return;
    query.set("cursor", next);
  }
}

const problemSchema = z.object({ detail: z.string() });

/** What an answer of the service that is no success means for a task: to be tried again, or not. */
export async function refusalOf(response: Response): Promise<Error> {
  const body: unknown = await response.json().catch(() => undefined);
  const { data } = problemSchema.safeParse(body);
  const message = `The service answered ${response.status}: ${data?.detail ?? "no reason given"}`;
  const again = response.status >= 500 || response.status === 429 || response.status === 408;
  return again ? new Error(message) : new PermanentError(message);
}
