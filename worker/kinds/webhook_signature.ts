import { encodeBase64 } from "@std/encoding";
import { secretBytes } from "../webhook_secret.ts";

/** What is signed. */
export interface SignedMessage {
  /** `webhook-id`. */
  readonly id: string;
  /** `webhook-timestamp`, in seconds since the epoch. */
  readonly timestamp: string;
  readonly body: string;
}

/**
 * The `webhook-signature` of a message: `v1,` and the base64 of HMAC-SHA256 over id, timestamp and body, joined by dots
 * (Standard Webhooks 1.0, "Signature scheme").
 *
 * @throws {RangeError} when the secret is not written as one
 *
 * @example
 * ```ts
 * import { signWebhook } from "./webhook_signature.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const signature = await signWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", {
 *   id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
 *   timestamp: "1614265330",
 *   body: '{"test": 2432232314}',
 * });
 * assertEquals(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
 * ```
 */
export async function signWebhook(secret: string, { id, timestamp, body }: SignedMessage): Promise<string> {
  const bytes = secretBytes(secret);
  if (bytes === undefined) {
    throw new RangeError("Cannot sign a webhook: the secret must be whsec_ and base64");
  }
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const text = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  return `v1,${encodeBase64(await crypto.subtle.sign("HMAC", key, text))}`;
}
