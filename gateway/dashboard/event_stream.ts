import { type Bindings, bindingsOf, changedBindings } from "./bindings.ts";
import { type Collector, pointOf } from "./collector.ts";
import type { AuditEntry } from "./audit_log.ts";
import { namesOf, SHOWN_ORDERS } from "./overview_page.tsx";
import type { SystemView } from "./system_view.ts";
import { TaskNews } from "./task_news.ts";
import type { TaskLists } from "./tasks.ts";

/** What {@linkcode eventStream} sends. */
export interface EventStreamOptions {
  collector: Collector;
  /** Whether the session of whoever watches has not ended. */
  holds: () => boolean;
  tasks: () => Promise<TaskLists>;
  /** How many tasks were moved from this gateway, each time it is asked. */
  moves: () => number;
  audit: () => readonly AuditEntry[];
  /** Ends the stream. */
  signal: AbortSignal;
}

/** Events that may wait for a slow reader before looks are left out. */
const PATIENCE = 8;

/**
 * Server-sent events for one page: everything at first, then what has changed, look by look. A reader that is too slow
 * misses looks but no change. The stream ends with the session, with the page, or when the gateway drains; the browser then comes
 * again, to another gateway if there is one.
 */
export function eventStream(options: EventStreamOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { collector, holds, tasks, moves, audit, signal } = options;
  const encoder = new TextEncoder();
  const news = new TaskNews();
  let shown: Bindings = {};
  let listed = "";
  let ordered = "";
  let end = () => {};

  function start(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    const send = (event: string, data: unknown) => {
      controller.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
    };
    const sendTasks = async () => {
      const lists = await tasks().catch(() => undefined);
      if (lists === undefined) return news.forget();
      const text = JSON.stringify(lists);
      if (text === listed || signal.aborted) return;
      listed = text;
      send("tasks", lists);
    };
    const sendAudit = () => {
      const newest = audit().slice(0, SHOWN_ORDERS);
      const last = newest[0]?.id ?? "";
      if (last === ordered) return;
      ordered = last;
      send("audit", newest);
    };
    const show = (view: SystemView) => {
      if (!holds()) return end();
      if ((controller.desiredSize ?? 0) < -PATIENCE) return;
      const now = bindingsOf(view);
      const values = Object.fromEntries([...pointOf(view)].map(([name, value]) => [name, value ?? null]));
      send("look", {
        at: view.at,
        topology: namesOf(view.topology),
        changed: changedBindings(shown, now),
        values,
      });
      shown = now;
      sendAudit();
      if (news.at(view, moves())) void sendTasks().catch(end);
    };
    controller.enqueue(encoder.encode("retry: 1000\n\n"));
    send("history", collector.history);
    show(collector.view);
    const unwatch = collector.watch(show);
    end = () => {
      unwatch();
      signal.removeEventListener("abort", end);
      end = () => {};
      try {
        controller.close();
      } catch {
        // The reader has gone already.
      }
    };
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  }

  return new ReadableStream({ start, cancel: () => end() });
}
