import { assertEquals, assertRejects } from "@std/assert";
import { Compute } from "../engine/compute.ts";
import { WorkerLab } from "../testing/worker_lab.ts";
import { checksum } from "./checksum.ts";

const read = (await Deno.permissions.query({ name: "read" })).state === "granted";

Deno.test({
  name: "checksum computes what was asked for, over a file of many parts",
  ignore: !read,
  async fn() {
    await using lab = await WorkerLab.open();
    const worker = lab.worker([checksum]);
    worker.start();
    const content = new Uint8Array(300_000).map((_, index) => index);
    const init = { method: "POST", body: content, headers: { "content-type": "application/octet-stream" } };
    const { file, sha256 } = await (await lab.call(worker, "/longtask/uploads", init)).json();
    const algorithms = ["sha256", "crc32"];
    const id = await lab.send(worker, { task: "checksum", file, algorithms });
    const { result } = await lab.until(worker, id, ["succeeded"]);
    const { size, checksums } = Object(result);
    assertEquals([size, checksums.sha256, Object.keys(checksums)], [300_000, sha256, algorithms]);
  },
});

Deno.test({
  name: "Compute ends its thread when the signal is aborted, and tells its failures",
  ignore: !read,
  async fn() {
    const controller = new AbortController();
    const module = new URL("./checksum_thread.ts", import.meta.url);
    using compute = new Compute(module, { signal: controller.signal });
    await assertRejects(() => compute.ask({ type: "nonsense" }), Error);
    const asked = compute.ask({ type: "begin", algorithms: ["sha256"] });
    controller.abort(new RangeError("enough"));
    await assertRejects(() => asked, RangeError, "enough");
    await assertRejects(() => compute.ask({ type: "end" }), RangeError, "enough");
  },
});
