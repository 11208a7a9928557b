import { ProblemError } from "@flotilla/runtime";
import { z } from "zod";
import type { TaskDefinition } from "../engine/define_task.ts";
import { NOTIFY_KIND } from "../engine/follow_ups.ts";
import { firstTime, type Recurrence, RecurrenceError } from "../engine/recurrence.ts";
import type { Notify } from "../engine/task_state.ts";
import { misfitsOf, unfitContent } from "./unfit_content.ts";
import { webhookSecretSchema } from "../webhook_secret.ts";

/** Bytes that the body of a request may have. */
const BODY_LIMIT = 32_768;
/** Bytes that an input may have as the store keeps it. */
const INPUT_LIMIT = 40_000;
/** How far ahead a task may be scheduled: a year of seconds. */
const LONGEST_DELAY = 366 * 86_400;
/** Seconds between two times of a recurring task, at least. */
const MIN_EVERY = 1;

/** What somebody wants done. */
export interface TaskRequest {
  readonly definition: TaskDefinition;
  /** Checked by the kind. */
  readonly input: unknown;
  readonly priority: number;
  /** When it may begin, in milliseconds since the epoch; at once when missing. */
  readonly due: number | undefined;
  readonly repeat: Recurrence | undefined;
  readonly notify: Notify | undefined;
  /** The body as it came, for telling a repeated request from another one. */
  readonly body: unknown;
}

const repeatSchema = z.union([
  z.strictObject({ every: z.number().min(MIN_EVERY).max(LONGEST_DELAY) }),
  z.strictObject({ cron: z.string().trim().min(1).max(200), time_zone: z.string().max(100).default("UTC") }),
], 'must be {"every": seconds} or {"cron": pattern, "time_zone"?: name}');

const envelopeSchema = z.looseObject({
  task: z.string(),
  priority: z.int().min(-10).max(10).default(0),
  delay: z.number().min(0).max(LONGEST_DELAY).optional(),
  run_at: z.iso.datetime({ offset: true }).optional(),
  repeat: repeatSchema.optional(),
  notify: z.strictObject({
    url: z.url({ protocol: /^https?$/ }).max(2_000),
    secret: webhookSecretSchema.exactOptional(),
  }).optional(),
}).refine(({ delay, run_at }) => delay === undefined || run_at === undefined, {
  error: "cannot go with delay",
  path: ["run_at"],
});

/**
 * Reads `{"task": kind, "priority"?, "delay"? (seconds), "run_at"?, "repeat"?, "notify"?, …}`: what is not named here is the kind's input.
 *
 * @throws {ProblemError} 413, 415, 400 for what is no JSON, 422 for an unknown kind or input that it does not take
 */
export async function readTaskRequest(
  request: Request,
  options: { kinds: ReadonlyMap<string, TaskDefinition>; now: number },
): Promise<TaskRequest> {
  const { kinds, now } = options;
  const body = await readJson(request);
  const envelope = envelopeSchema.safeParse(body);
  if (!envelope.success) throw unfitContent(misfitsOf(envelope.error));
  const { task, priority, delay, run_at, repeat, notify, ...rest } = envelope.data;
  const definition = kinds.get(task);
  if (definition === undefined) {
    const detail = `There is no kind of task named ${JSON.stringify(task.slice(0, 64))}`;
    throw new ProblemError(422, detail, {
      extensions: { errors: [{ pointer: "/task", detail }], kinds: [...kinds.keys()] },
    });
  }
  if (notify !== undefined && !kinds.has(NOTIFY_KIND)) {
    throw unfit("/notify", `needs the kind ${NOTIFY_KIND}, which is not there`);
  }
  const input = parseInput(definition, rest);
  requireRoom(input);
  const start = dueTime({ delay, run_at, now });
  // A recurring task is always scheduled, also for now: by falling due it makes the next one.
  const due = repeat === undefined ? start : firstDue(repeat, start ?? now);
  return { definition, input, priority, due, repeat, notify, body };
}

function dueTime(
  when: { delay: number | undefined; run_at: string | undefined; now: number },
): number | undefined {
  const { delay, run_at, now } = when;
  const due = run_at === undefined ? now + (delay ?? 0) * 1_000 : Date.parse(run_at);
  if (due > now + LONGEST_DELAY * 1_000) throw unfit("/run_at", "must be within a year");
  return due > now ? Math.ceil(due) : undefined;
}

function firstDue(repeat: Recurrence, start: number): number {
  try {
    const due = firstTime(repeat, start);
    if (due !== undefined) return due;
  } catch (cause) {
    if (!(cause instanceof RecurrenceError)) throw cause;
    throw unfit("/repeat", cause.message, { cause });
  }
  throw unfit("/repeat", "the pattern names no time that will ever come");
}

/**
 * A body that may be read may still be too large to be kept: `1e20` is written out in full, and the task's result is to fit
 * into the same 65,536 bytes of a value.
 */
function requireRoom(input: unknown): void {
  const { byteLength } = new TextEncoder().encode(JSON.stringify(input) ?? "");
  if (byteLength <= INPUT_LIMIT) return;
  throw new ProblemError(413, `The input may have ${INPUT_LIMIT} bytes of JSON as it is kept`);
}

function parseInput(definition: TaskDefinition, input: unknown): unknown {
  try {
    return definition.parse(input);
  } catch (error) {
    if (error instanceof z.ZodError) throw unfitContent(misfitsOf(error));
    throw error;
  }
}

function unfit(pointer: string, detail: string, options?: ErrorOptions): ProblemError {
  return unfitContent([{ pointer, detail }], undefined, options);
}

async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type)) {
    throw new ProblemError(415, "The body must be application/json", {
      headers: { accept: "application/json" },
    });
  }
  const bytes = await readLimited(request.body, BODY_LIMIT);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ProblemError(400, "The body is not JSON", { cause });
  }
}

async function readLimited(body: ReadableStream<Uint8Array> | null, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > limit) throw new ProblemError(413, `The body may have ${limit} bytes`);
    chunks.push(new Uint8Array(chunk));
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
