import { decodeBase64 } from "@std/encoding";
import { z } from "zod";

const PREFIX = "whsec_";

/** A secret as Standard Webhooks writes it: `whsec_` and the base64 of 24 to 64 bytes. */
export const webhookSecretSchema: z.ZodType<string> = z.string().refine(
  (secret) => {
    const length = secretBytes(secret)?.length ?? 0;
    return length >= 24 && length <= 64;
  },
  "must be whsec_ and the base64 of 24 to 64 bytes",
);

/** The bytes of a secret, or `undefined` when it is not written as one. */
export function secretBytes(secret: string): Uint8Array<ArrayBuffer> | undefined {
  if (!secret.startsWith(PREFIX)) return undefined;
  try {
    return decodeBase64(secret.slice(PREFIX.length));
  } catch {
    return undefined;
  }
}
