import { z } from "zod";
import { defineTask, PermanentError, type TaskDefinition } from "../engine/define_task.ts";
import { NOTIFY_KIND } from "../engine/follow_ups.ts";
import { webhookSecretSchema } from "../webhook_secret.ts";
import { AddressRefusedError } from "./public_address.ts";
import { type GuardedFetch, guardedFetch, type GuardedFetchOptions } from "./guarded_fetch.ts";
import { signWebhook } from "./webhook_signature.ts";

const GONE = 410;
/** Characters of an answer that the result keeps. */
const KEPT = 1_000;

/** How {@linkcode httpTask} calls. */
export interface HttpTaskOptions extends GuardedFetchOptions {
  /** What sends the request. @default one that refuses private addresses */
  send?: GuardedFetch;
}

/**
 * Sends JSON to an address on the web, signed when a secret is given (Standard Webhooks 1.0), and tries again until it is
 * taken: any answer but 2xx counts as a failure, 410 as the end of it. Addresses of private networks are refused.
 */
export function httpTask(options: HttpTaskOptions = {}): TaskDefinition {
  const send = options.send ?? guardedFetch(options);
  return defineTask({
    name: NOTIFY_KIND,
    input: z.strictObject({
      url: z.url({ protocol: /^https?$/ }).max(2_000),
      method: z.enum(["POST", "PUT"]).default("POST"),
      body: z.unknown().default({}),
      secret: webhookSecretSchema.optional(),
    }),
    retry: { attempts: 8, base: 5_000, cap: 3_600_000 },
    timeout: 30_000,
    async run({ id, input, signal, log }) {
      const { url, method, secret } = input;
      const body = JSON.stringify(input.body);
      const timestamp = `${Math.floor(Date.now() / 1_000)}`;
      const headers: Record<string, string> = {
        "content-type": "application/json",
        "user-agent": "Flotilla",
        // The task's own id: the same at every try, so that the receiver knows a message that it has had.
        "webhook-id": id,
        "webhook-timestamp": timestamp,
      };
      if (secret !== undefined) {
        headers["webhook-signature"] = await signWebhook(secret, { id, timestamp, body });
      }
      try {
        const { status, text } = await send(new URL(url), { method, headers, body, signal });
        log(`${method} ${url} was answered ${status}`);
        if (status >= 200 && status < 300) return { status, body: text.slice(0, KEPT) };
        const message = `${new URL(url).host} answered ${status}`;
        throw status === GONE ? new PermanentError(message) : new Error(message);
      } catch (error) {
        if (error instanceof AddressRefusedError) throw new PermanentError(error.message, { cause: error });
        throw error;
      }
    },
  });
}
