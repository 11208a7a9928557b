import { z } from "zod";
import { Compute } from "../engine/compute.ts";
import { defineTask } from "../engine/define_task.ts";

/** The checksums that can be asked for. */
export const ALGORITHMS = ["sha256", "sha512", "blake3", "xxhash3", "crc32", "md5"] as const;

/** Computes checksums of an uploaded file, in a Web Worker so that this process goes on answering. */
export const checksum = defineTask({
  name: "checksum",
  input: z.strictObject({
    /** The `file` that `POST /longtask/uploads` gave. */
    file: z.string().max(64),
    algorithms: z.array(z.enum(ALGORITHMS)).min(1).max(ALGORITHMS.length).default(["sha256"]),
  }),
  async run({ input, upload, progress, signal }) {
    const file = await upload(input.file);
    using compute = new Compute(new URL("./checksum_thread.ts", import.meta.url), { signal });
    await compute.ask({ type: "begin", algorithms: input.algorithms });
    let bytes = 0;
    for await (const chunk of file.open()) {
      bytes += chunk.length;
      // A copy of its own, which then belongs to the worker without being copied again.
      const bytesOfChunk = chunk.slice();
      await compute.ask({ type: "add", chunk: bytesOfChunk }, [bytesOfChunk.buffer]);
      progress(bytes / Math.max(1, file.size), `${bytes} bytes`);
    }
    const checksums = z.record(z.string(), z.string()).parse(await compute.ask({ type: "end" }));
    return { size: bytes, type: file.type, checksums };
  },
});
