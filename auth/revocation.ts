import { z } from "zod";

/** Something that ended before the tokens for it did. `until` is when the last of them ends, in milliseconds. */
export const revocationSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("session"), session: z.string(), until: z.number() }),
  /** All sessions of a user from before an epoch, but perhaps the one that it asked from. */
  z.object({
    kind: z.literal("user"),
    username: z.string(),
    before: z.number(),
    except: z.string().exactOptional(),
    until: z.number(),
  }),
]);
export type Revocation = z.infer<typeof revocationSchema>;

type WithoutUntil<T> = T extends unknown ? Omit<T, "until"> : never;
/** A revocation that is about to be published. */
export type NewRevocation = WithoutUntil<Revocation>;

/** The number of the latest revocation. */
export const sequenceSchema = z.number().int().nonnegative();
