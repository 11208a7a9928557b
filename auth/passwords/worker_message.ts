import type { Argon2Job } from "./argon2id.ts";

/** What a hashing thread is asked. */
export interface HashRequest extends Argon2Job {
  readonly id: number;
}

/** What it answers. */
export type HashReply =
  | { readonly id: number; readonly ok: true; readonly tag: Uint8Array }
  | { readonly id: number; readonly ok: false; readonly reason: string };
