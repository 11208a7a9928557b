import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { defineTask, PermanentError } from "@flotilla/worker";
import { stripAnsiCode } from "@std/fmt/colors";
import { WorkerLab } from "@flotilla/worker/testing";
import { z } from "zod";
import { RefusedByApiError, TaskApi } from "./task_api.ts";
import { type CommandName, type CommandOptions, runCommand } from "./task_commands.ts";

const echo = defineTask({
  name: "echo",
  input: z.looseObject({ fail: z.boolean().default(false) }),
  run({ input, log, progress }) {
    log("here we are");
    progress(0.5, "half way");
    if (input.fail) throw new PermanentError("it cannot be");
    return Promise.resolve(input);
  },
});

interface Setting extends AsyncDisposable {
  readonly lab: WorkerLab;
  readonly worker: ReturnType<WorkerLab["worker"]>;
  run(command: CommandName, ids: string[], options?: Partial<CommandOptions>): Promise<{
    well: boolean;
    said: string[];
    complaints: string[];
  }>;
}

/** A worker in memory, and the commands as `alice` gives them. */
async function setting(): Promise<Setting> {
  const lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  const request = (path: string, init: RequestInit = {}) => lab.call(worker, path, init);
  return {
    lab,
    worker,
    async run(command, ids, options = {}) {
      const [said, complaints]: string[][] = [[], []];
      const well = await runCommand(command, ids, {
        api: () => Promise.resolve(new TaskApi({ request })),
        say: (text) => said?.push(text),
        complain: (text) => complaints?.push(text),
        ...options,
      });
      return { well, said: said ?? [], complaints: complaints ?? [] };
    },
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

Deno.test("runCommand() lists tasks over as many pages as it takes, as a table or as JSON", async () => {
  await using at = await setting();
  const ids = new Set<string>();
  for (let number = 0; number < 120; number++) ids.add(await at.lab.send(at.worker, { task: "echo" }));
  const { said: [text = ""] } = await at.run("list", [], { limit: 110, json: true });
  const listed: { id: string }[] = JSON.parse(text);
  assertEquals([listed.length, listed.every(({ id }) => ids.has(id))], [110, true]);
  const { said: [table = ""] } = await at.run("list", [], { limit: 2 });
  assertMatch(table, /^id +task +status.*\n-+.*\n[\w-]{36} +echo +queued +0%.*\n[\w-]{36} /);
  const { said: none } = await at.run("list", [], { filter: { status: "failed" } });
  assertEquals(none, ["There are none."]);
});

Deno.test("runCommand() shows a task with what its runs have logged", async () => {
  await using at = await setting();
  at.worker.start();
  const id = await at.lab.send(at.worker, { task: "echo", fail: true });
  await at.lab.until(at.worker, id, ["failed"]);
  const { well, said: [coloured = ""] } = await at.run("show", [id]);
  const text = stripAnsiCode(coloured);
  assertEquals(well, true);
  assertMatch(text, /status +failed/);
  assertMatch(text, /it cannot be/);
  assertMatch(text, /run 1 {2}here we are$/);
});

Deno.test("runCommand() cancels, sends again, and tells of each task that it could not move", async () => {
  await using at = await setting();
  const id = await at.lab.send(at.worker, { task: "echo" });
  const state = async () => (await at.lab.see(at.worker, id)).status;
  assertEquals([(await at.run("cancel", [id])).well, await state()], [true, "cancelled"]);
  assertEquals([(await at.run("retry", [id])).well, await state()], [true, "queued"]);
  const { well, said, complaints } = await at.run("retry", ["none", id]);
  assertEquals([well, said, complaints.length], [false, [], 2]);
  assertMatch(complaints[0] ?? "", /^none: 404: You have no task "none"$/);
  assertMatch(complaints[1] ?? "", /409: Only a failed or cancelled task is sent again: it is queued$/);
});

Deno.test("runCommand() follows a task to its end, and says by its result whether it succeeded", async () => {
  await using at = await setting();
  const [good, bad] = [
    await at.lab.send(at.worker, { task: "echo" }),
    await at.lab.send(at.worker, { task: "echo", fail: true }),
  ];
  const following = at.run("tail", [good], { json: true });
  at.worker.start();
  const { well, said } = await following;
  const last: { status: string; id: string } = JSON.parse(said.at(-1) ?? "");
  assertEquals([well, last.status, last.id], [true, "succeeded", good]);
  const failed = await at.run("tail", [bad]);
  assertEquals(failed.well, false);
  assertMatch(stripAnsiCode(failed.said.at(-1) ?? ""), /failed.*run 1 {2}PermanentError: it cannot be$/);
});

Deno.test("runCommand() goes on following where the connection broke", async () => {
  const seen: (string | null)[] = [];
  const event = (id: number, status: string) =>
    `id: ${id}\nevent: status\ndata: ${
      JSON.stringify({
        id: "t",
        task: "echo",
        status,
        progress: 0,
        attempt: 1,
        created: "2026-01-01T00:00:00Z",
        updated: "2026-01-01T00:00:00Z",
      })
    }\n\n`;
  const answers = [event(1, "queued"), event(2, "succeeded")];
  const request = (_path: string, init: RequestInit = {}) => {
    seen.push(new Headers(init.headers).get("last-event-id"));
    return Promise.resolve(new Response(answers.shift()));
  };
  const said: string[] = [];
  const well = await runCommand("tail", ["t"], {
    api: () => Promise.resolve(new TaskApi({ request })),
    say: (text) => said.push(text),
    complain: () => {},
    clock: { now: () => 0, setTimeout: (run) => (queueMicrotask(run), noTimer) },
  });
  assertEquals([well, said.length, seen], [true, 2, [null, "1"]]);
});

const noTimer = { cancel() {}, [Symbol.dispose]() {} };

Deno.test("TaskApi.list() rejects with what the system says against a filter", async () => {
  await using at = await setting();
  const error = await assertRejects(
    () => at.run("list", [], { filter: { status: "done" } }),
    RefusedByApiError,
  );
  assertMatch(error.message, /^422: .*\/status: /);
});
