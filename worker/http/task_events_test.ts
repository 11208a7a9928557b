import { assert, assertEquals, assertMatch } from "@std/assert";
import { z } from "zod";
import { defineTask } from "../engine/define_task.ts";
import { WorkerLab } from "../testing/worker_lab.ts";

/** A run that comes to its half, and to its end, when it is let. */
function gated() {
  const [half, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const kind = defineTask({
    name: "gated",
    input: z.strictObject({}),
    async run({ progress }) {
      await half.promise;
      progress(0.5, "half");
      await end.promise;
      return "done";
    },
  });
  const open = () => {
    half.resolve();
    end.resolve();
  };
  return { kind, goOn: half.resolve, open };
}

interface SeenEvent {
  readonly id: string;
  readonly event: string;
  readonly status: string;
  readonly progress: number;
}

async function* eventsOf(response: Response): AsyncGenerator<SeenEvent> {
  let rest = "";
  for await (const text of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks.filter((block) => !block.startsWith(":"))) {
      const { id = "", event = "", data = "{}" } = Object.fromEntries(
        block.split("\n").map((line) => line.split(/: (.*)/s)),
      );
      const { status, progress } = JSON.parse(data);
      yield { id, event, status, progress };
    }
  }
}

Deno.test("GET /longtask/:id/events tells each status and progress, and ends with the task", async () => {
  await using lab = await WorkerLab.open();
  const { kind, goOn, open } = gated();
  const worker = lab.worker([kind]);
  const id = await lab.send(worker, { task: "gated" });
  const response = await lab.call(worker, `/longtask/${id}/events`);
  assertMatch(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  const seen: SeenEvent[] = [];
  for await (const event of eventsOf(response)) {
    seen.push(event);
    if (event.status === "queued") worker.start();
    if (event.status === "running") goOn();
    if (event.progress === 0.5) open();
  }
  const told = seen.map(({ event, status, progress }) => `${event} ${status} ${progress}`);
  assertEquals(told, ["status queued 0", "status running 0", "progress running 0.5", "status succeeded 1"]);
});

Deno.test("GET /longtask/:id/events does not repeat what the client has seen", async () => {
  await using lab = await WorkerLab.open();
  const { kind, open } = gated();
  const worker = lab.worker([kind]);
  worker.start();
  open();
  const id = await lab.send(worker, { task: "gated" });
  await lab.until(worker, id, ["succeeded"]);
  const [last] = await Array.fromAsync(eventsOf(await lab.call(worker, `/longtask/${id}/events`)));
  assert(last !== undefined && last.status === "succeeded");
  const headers = { "last-event-id": last.id };
  const again = await lab.call(worker, `/longtask/${id}/events`, { headers });
  assertEquals(await Array.fromAsync(eventsOf(again)), []);
});

Deno.test("GET /longtask/:id/events ends when the role drains, and when the client leaves", async () => {
  await using lab = await WorkerLab.open();
  const { kind } = gated();
  const worker = lab.worker([kind]);
  const id = await lab.send(worker, { task: "gated" });
  const left = await lab.call(worker, `/longtask/${id}/events`);
  const reader = left.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  const events = eventsOf(await lab.call(worker, `/longtask/${id}/events`));
  assertEquals((await events.next()).value?.status, "queued");
  worker.drain();
  assertEquals((await events.next()).done, true);
});
