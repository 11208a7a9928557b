import { assertEquals } from "@std/assert";
import { z } from "zod";
import { defineTask } from "./engine/define_task.ts";
import { WorkerLab } from "./testing/worker_lab.ts";

const kind = defineTask({
  name: "call",
  input: z.strictObject({ path: z.string() }),
  retry: { attempts: 1 },
  run: async ({ input, service }) => (await service(input.path)).status,
});

Deno.test("a task's call tells no address of the inside when the service cannot be reached", async () => {
  await using lab = await WorkerLab.open();
  const fetch = () =>
    Promise.reject(new TypeError("error sending request for url (http://10.0.0.7:5002/data)"));
  const worker = lab.worker([kind], { service: { origin: "http://10.0.0.7:5002", fetch } });
  worker.start();
  const { error } = await lab.until(worker, await lab.send(worker, { task: "call", path: "/data" }), [
    "failed",
  ]);
  assertEquals(error, { name: "ServiceUnreachableError", message: "The data service could not be reached" });
});

Deno.test("a task cannot call anything but the service", async () => {
  await using lab = await WorkerLab.open();
  const called: string[] = [];
  const fetch = (request: Request) =>
    Promise.resolve(new Response(null, { status: called.push(request.url) }));
  const worker = lab.worker([kind], { service: { origin: "http://service", fetch } });
  worker.start();
  for (const path of ["//evil.example/", "http://evil.example/", "\\\\evil.example"]) {
    await lab.until(worker, await lab.send(worker, { task: "call", path }), ["failed"]);
  }
  assertEquals(called, []);
});
