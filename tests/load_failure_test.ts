import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { z } from "zod";
import { canStartSystem, startSystem } from "./system.ts";

const LOAD = new URL("../tasks/load/main.ts", import.meta.url).pathname;
const SECONDS = 12;

const reportSchema = z.object({
  requests: z.int(),
  kills: z.array(z.object({ instance: z.string() })),
  idempotentFailures: z.object({ whileDetecting: z.int(), otherwise: z.int() }),
  tasks: z.object({ started: z.int(), statuses: z.record(z.string(), z.int()) }),
});

Deno.test({
  name:
    "deno task load --scenario failure: no idempotent request fails once a death is known, and no task is lost",
  ignore: !canStartSystem,
  async fn() {
    await using system = await startSystem();
    const [topology, json, html] = ["topology", "report", "page"].map((name) => join(system.data, name));
    await Deno.writeTextFile(topology ?? "", JSON.stringify(system.topology));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...[
          "run",
          "--no-prompt",
          "--allow-net",
          "--allow-run",
          "--allow-read",
          "--allow-write",
          "--allow-env",
          LOAD,
        ],
        ...["--scenario=failure", "--yes", `--duration=${SECONDS}`],
        ...[`--topology=${topology}`, `--json=${json}`, `--html=${html}`],
      ],
      stdin: "null",
      stdout: "null",
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const report = reportSchema.parse(JSON.parse(await Deno.readTextFile(json ?? "")));
    assertEquals(report.kills.map(({ instance }) => instance), ["service_1", "worker_1"]);
    assertEquals(report.idempotentFailures.otherwise, 0);
    assertEquals(report.tasks.statuses, { succeeded: report.tasks.started });
    assertEquals(report.requests, 100 * SECONDS);
    const plot = (await Deno.readTextFile(html ?? "")).split("<figcaption>").at(-1) ?? "";
    assertEquals(
      ["Failed requests of each second", "service_1 killed", "worker_1 killed"].filter((text) =>
        !plot.includes(text)
      ),
      [],
    );
  },
});
