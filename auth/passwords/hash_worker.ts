/// <reference lib="deno.worker" />
import { deriveArgon2id } from "./argon2id.ts";
import { yieldToOthers } from "./thread_priority.ts";
import type { HashReply, HashRequest } from "./worker_message.ts";

yieldToOthers();

self.onmessage = async ({ data }: MessageEvent<HashRequest>) => {
  self.postMessage(await reply(data));
};

async function reply(request: HashRequest): Promise<HashReply> {
  const { id } = request;
  try {
    return { id, ok: true, tag: await deriveArgon2id(request) };
  } catch (error) {
    return { id, ok: false, reason: error instanceof Error ? error.message : "failed" };
  }
}
