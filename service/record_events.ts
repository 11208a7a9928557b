import type { Principal } from "@flotilla/auth/verify";
import { ProblemError } from "@flotilla/runtime";
import { type ServerSentEventMessage, ServerSentEventStream } from "@std/http/server-sent-event-stream";
import { z } from "zod";
import { maySee } from "./access.ts";
import { type FeedItem, IDLE_INTERVAL } from "./change_feed.ts";
import type { Position } from "./change_tail.ts";
import {
  type DataContext,
  type DataEnvironment,
  type DataHandler,
  pathId,
  requireQuery,
} from "./data_environment.ts";
import { readEventId, writeEventId } from "./event_id.ts";
import type { Change } from "./keyspace.ts";
import { requireRange } from "./record_id.ts";

/** Milliseconds after which a client whose stream broke comes back. */
const RETRY_MS = 1_000;

const querySchema = z.strictObject({ prefix: z.string().default("") });

/** `GET /data/events`: every change of a record that the caller may see, as it happens. */
export function allEvents(environment: DataEnvironment): DataHandler {
  return (context, principal) => {
    const { prefix } = requireQuery(context, querySchema);
    requireRange(prefix, undefined);
    return eventAnswer(environment, context, { principal, concerns: (id) => id.startsWith(prefix) });
  };
}

/** `GET /data/:id/events`: every change of one record, as it happens; it need not exist yet. */
export function recordEvents(environment: DataEnvironment): DataHandler {
  return (context, principal) => {
    const wanted = pathId(context);
    return eventAnswer(environment, context, { principal, concerns: (id) => id === wanted });
  };
}

interface Subscription {
  readonly principal: Principal;
  /** Whether the caller wants to know of this record. */
  concerns(id: string): boolean;
}

async function eventAnswer(
  environment: DataEnvironment,
  context: DataContext,
  subscription: Subscription,
): Promise<Response> {
  const now = await environment.tail.fence();
  const after = startOf(context, now);
  const left = new AbortController();
  const { draining } = context.env.context;
  const signal = AbortSignal.any([left.signal, draining, context.req.raw.signal]);
  const messages = streamOf(eventMessages(environment, subscription, { after, signal }), left);
  return new Response(messages.pipeThrough(new ServerSentEventStream()), {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}

/** Behind what the client saw last, or now. */
function startOf(context: DataContext, now: Position): Position {
  const lastEventId = context.req.header("last-event-id") ?? "";
  if (lastEventId === "") return now;
  const position = readEventId(lastEventId, now);
  if (position === undefined) throw new ProblemError(422, "Last-Event-ID is not one that these events have");
  return position;
}

async function* eventMessages(
  environment: DataEnvironment,
  subscription: Subscription,
  { after, signal }: { after: Position; signal: AbortSignal },
): AsyncGenerator<ServerSentEventMessage> {
  // An id without data tells the client where it stands, should the stream break before the first event.
  yield { id: writeEventId(after), retry: RETRY_MS };
  let toldAt = environment.now();
  for await (const item of environment.feed.follow(after, signal)) {
    const message = await messageOf(environment, subscription, item);
    // Who is told nothing of what happens has to hear that the stream lives, too.
    if (message === undefined && environment.now() - toldAt < IDLE_INTERVAL) continue;
    toldAt = environment.now();
    yield message ?? signOfLife(item.position);
  }
}

async function messageOf(
  environment: DataEnvironment,
  { principal, concerns }: Subscription,
  item: FeedItem,
): Promise<ServerSentEventMessage | undefined> {
  if (item.kind === "idle") return signOfLife(item.position);
  const id = writeEventId(item.position);
  if (item.kind === "gap") {
    return { id, event: "reset", data: '{"reason":"Changes were missed: read again"}' };
  }
  const { change, position: { seq } } = item;
  if (!concerns(change.id)) return undefined;
  if (maySee(principal, change.scope)) {
    return { id, event: change.type, data: await dataOf(environment, change, seq) };
  }
  const couldSee = change.was !== undefined && maySee(principal, change.was);
  return couldSee ? { id, event: "delete", data: textOf(change.id, seq) } : undefined;
}

/** Keeps the stream from being taken for dead, and moves along where its client would come back to. */
function signOfLife(position: Position): ServerSentEventMessage {
  return { id: writeEventId(position), comment: "still here" };
}

/** The change; with the record when that has not changed again, since then a later event has it. */
async function dataOf({ records }: DataEnvironment, change: Change, seq: number): Promise<string> {
  if (change.type === "delete") return textOf(change.id, seq);
  const { value: record } = await records.read(change.id);
  return textOf(change.id, seq, record?.version === seq ? record.text : undefined);
}

function textOf(id: string, version: number, record?: string): string {
  return `{"id":"${id}","version":${version}${record === undefined ? "" : `,"data":${record}`}}`;
}

/** The generator as a stream whose reader, when it leaves, ends it at once, also while it waits. */
function streamOf<T>(generator: AsyncGenerator<T>, left: AbortController): ReadableStream<T> {
  return new ReadableStream<T>({
    async pull(controller) {
      const { done, value } = await generator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      left.abort();
      await generator.return(undefined);
    },
  }, { highWaterMark: 0 });
}
