import type { Clock } from "@flotilla/runtime";
import type { TaskRef } from "../engine/keys.ts";
import { isOver } from "../engine/task_state.ts";
import type { TaskEntry, TaskStore } from "../engine/task_store.ts";
import { taskView } from "./task_view.ts";

/** Milliseconds of silence after which a comment keeps the connection alive. */
const KEEP_ALIVE = 15_000;

/** How {@linkcode taskEvents} follows a task. */
export interface TaskEventsOptions {
  clock: Clock;
  /** Ends the stream early, for example when the role drains; the client comes back with `Last-Event-ID`. */
  signal: AbortSignal;
  /** The last event that the client has seen (`Last-Event-ID`). @default none */
  lastEventId?: string | undefined;
}

/**
 * A task's life as server-sent events (HTML Living Standard, section 9.2): `status` when its status changed, `progress`
 * when only that did, each with the whole task as data, until it is over. The id of an event is the version of the record,
 * so a client that comes back is told what it has missed: how the task stands now.
 */
export function taskEvents(
  store: TaskStore,
  ref: TaskRef,
  options: TaskEventsOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { clock, signal, lastEventId } = options;
  const changes = store.watch(ref).getReader();
  const end = () => {
    signal.removeEventListener("abort", end);
    void changes.cancel().catch(() => {});
  };
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  let pending: Promise<ReadableStreamReadResult<TaskEntry | undefined>> = changes.read();
  let status = "";

  async function nextText(): Promise<string | undefined> {
    for (;;) {
      const change = await withinSilence(pending, clock);
      if (change === SILENCE) return ": still here\n\n";
      if (change.done || change.value === undefined) return undefined;
      const entry = change.value;
      pending = isOver(entry.task.state) ? ENDED : changes.read();
      const before = status;
      status = entry.task.state.status;
      if (entry.versionstamp !== lastEventId) return eventOf(entry, before);
    }
  }

  return new ReadableStream({
    async pull(controller) {
      const text = await nextText();
      if (text !== undefined) return controller.enqueue(encoder.encode(text));
      end();
      controller.close();
    },
    cancel: end,
  }, { highWaterMark: 0 });
}

const encoder = new TextEncoder();
const SILENCE = Symbol("silence");
const ENDED = Promise.resolve({ done: true, value: undefined } as const);

async function withinSilence<T>(change: Promise<T>, clock: Clock): Promise<T | typeof SILENCE> {
  const { promise, resolve } = Promise.withResolvers<typeof SILENCE>();
  using _timer = clock.setTimeout(() => resolve(SILENCE), KEEP_ALIVE);
  return await Promise.race([change, promise]);
}

function eventOf({ task, versionstamp }: TaskEntry, status: string): string {
  const event = task.state.status === status ? "progress" : "status";
  return `id: ${versionstamp}\nevent: ${event}\ndata: ${JSON.stringify(taskView(task))}\n\n`;
}
