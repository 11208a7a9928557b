/// <reference lib="deno.worker" />
import { createBLAKE3, createCRC32, createMD5, createSHA256, createSHA512, createXXHash3 } from "hash-wasm";
import { z } from "zod";
import { answer } from "../engine/compute_thread.ts";

const make = {
  sha256: createSHA256,
  sha512: createSHA512,
  blake3: createBLAKE3,
  xxhash3: createXXHash3,
  crc32: createCRC32,
  md5: createMD5,
};
const names = z.enum(["sha256", "sha512", "blake3", "xxhash3", "crc32", "md5"]);

const requestSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("begin"), algorithms: z.array(names) }),
  z.object({ type: z.literal("add"), chunk: z.instanceof(Uint8Array) }),
  z.object({ type: z.literal("end") }),
]);

const hashers = new Map<string, Awaited<ReturnType<typeof createSHA256>>>();

answer(async (message) => {
  const request = requestSchema.parse(message);
  switch (request.type) {
    case "begin":
      for (const name of request.algorithms) hashers.set(name, await make[name]());
      return;
    case "add":
      for (const hasher of hashers.values()) hasher.update(request.chunk);
      return;
    case "end":
      return Object.fromEntries([...hashers].map(([name, hasher]) => [name, hasher.digest("hex")]));
  }
});
