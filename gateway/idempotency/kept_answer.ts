import { z } from "zod";

/** An answer that is given again. */
export interface KeptAnswer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** Fields of an answer that belong to it whenever it is given. */
const KEPT_FIELDS = ["content-language", "content-type", "etag", "last-modified", "location"];

/** The field that tells a repeated answer. */
export const REPLAYED_HEADER = "idempotency-replayed";

/** Statuses that say nothing about what was asked for, but about the caller or the moment. */
const PASSING = new Set([401, 403, 408, 425, 429]);

/** Whether an answer settles its request: after any other the request may be tried again. */
export function settles(status: number): boolean {
  return status < 500 && !PASSING.has(status);
}

/** Reads an answer whole. */
export async function keptAnswer(response: Response): Promise<KeptAnswer> {
  const fields: Record<string, string> = {};
  for (const name of KEPT_FIELDS) {
    const value = response.headers.get(name);
    if (value !== null) fields[name] = value;
  }
  return { status: response.status, fields, content: await response.bytes() };
}

/** The answer given again. */
export function replayed({ status, fields, content }: KeptAnswer): Response {
  const headers = new Headers({ ...fields, [REPLAYED_HEADER]: "true" });
  headers.set("content-length", String(content.byteLength));
  return new Response(content, { status, headers });
}

/** What is kept under a key besides the content of the answer. */
export const entrySchema = z.object({
  fingerprint: z.string(),
  /** The id that was made for what the request makes. */
  id: z.string(),
  /** How often the request was begun. */
  tries: z.number(),
  /** Milliseconds since the epoch. */
  expires: z.number(),
  state: z.discriminatedUnion("kind", [
    /** It was begun and came to nothing that is known of. */
    z.object({ kind: z.literal("open") }),
    /** It runs, until a time at which whoever ran it must be gone. */
    z.object({ kind: z.literal("running"), run: z.string(), until: z.number() }),
    z.object({
      kind: z.literal("answered"),
      run: z.string(),
      status: z.number(),
      fields: z.record(z.string(), z.string()),
      parts: z.number(),
    }),
  ]),
});

/** What is kept under a key besides the content of the answer. */
export type Entry = z.infer<typeof entrySchema>;
