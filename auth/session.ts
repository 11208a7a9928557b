import { z } from "zod";

/** A sign-in and the refresh tokens that descend from it, as kept. Times in milliseconds since the epoch. */
export const sessionSchema = z.object({
  id: z.string(),
  username: z.string(),
  /** The user's epoch that it belongs to. */
  epoch: z.number(),
  /** The turn whose refresh token is in force. */
  generation: z.number(),
  /** When that turn began. */
  rotated: z.number(),
  created: z.number(),
  /** Over when it was not refreshed by then. */
  expires: z.number(),
  /** Over by then however often it was refreshed. */
  ends: z.number(),
});
export type Session = z.infer<typeof sessionSchema>;
