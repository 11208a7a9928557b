import { assertEquals } from "@std/assert";
import { z } from "zod";
import { defineTask } from "../engine/define_task.ts";
import { principal, WorkerLab } from "../testing/worker_lab.ts";

const admin = principal("root", { role: "admin" });
const pageSchema = z.object({
  tasks: z.array(z.object({ id: z.string(), owner: z.string(), status: z.string(), progress: z.number() })),
  next: z.null(),
});

/** A kind that runs until it is told to end. */
function waiting() {
  const end = Promise.withResolvers<void>();
  const kind = defineTask({
    name: "wait",
    input: z.looseObject({ at_once: z.boolean().optional() }),
    async run({ input, progress }) {
      if (input.at_once) return;
      await progress(0.5);
      await end.promise;
    },
  });
  return { kind, end: end.resolve };
}

Deno.test("GET /longtask?owner=*&status=running gives an administrator what runs now, whoever sent it", async () => {
  await using lab = await WorkerLab.open();
  const { kind, end } = waiting();
  const worker = lab.worker([kind]);
  const read = async () =>
    pageSchema.parse(
      await (await lab.call(worker, "/longtask?owner=*&status=running", { as: admin })).json(),
    );
  assertEquals((await read()).tasks, []);
  worker.start();
  const sent: string[] = [];
  for (const subject of ["alice", "bob"]) {
    const as = principal(subject);
    sent.push(await lab.send(worker, { task: "wait" }, { as }));
    const over = await lab.send(worker, { task: "wait", at_once: true }, { as });
    await lab.untilSeen(worker, sent.at(-1) ?? "", { as, statuses: ["running"] });
    await lab.untilSeen(worker, over, { as, statuses: ["succeeded"] });
  }
  const { tasks } = await read();
  assertEquals(tasks.map(({ id }) => id), sent.toSorted());
  assertEquals(new Set(tasks.map(({ owner }) => owner)), new Set(["alice", "bob"]));
  assertEquals(new Set(tasks.map(({ status }) => status)), new Set(["running"]));
  end();
});

Deno.test("GET /longtask?owner=* refuses other statuses, and whoever is no administrator", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([waiting().kind]);
  const statusOf = async (query: string, as = admin) => {
    const response = await lab.call(worker, `/longtask?owner=*${query}`, { as });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals([await statusOf(""), await statusOf("&status=queued")], [422, 422]);
  assertEquals(await statusOf("&status=running", principal("alice")), 403);
});
