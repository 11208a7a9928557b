import { z } from "zod";

/** A name to sign in with; upper and lower case are the same. */
export const usernameSchema: z.ZodType<string, string> = z.string().trim().toLowerCase()
  .regex(
    /^[a-z0-9][a-z0-9._@+-]{0,63}$/,
    "must be 1 to 64 letters, digits or . _ @ + -, beginning with a letter or digit",
  );

/** The longest password, in UTF-16 units: hashing must not become a way to keep us busy. */
export const LONGEST_PASSWORD = 256;

/** A password as it is typed, before any rule. */
const typedPassword = z.string().min(1).max(LONGEST_PASSWORD);

/** The content of `POST /auth/login`. */
export const loginSchema = z.object({
  // Whatever is typed may be tried: only known names are in the database.
  username: z.string().min(1).max(256),
  password: typedPassword,
});

/** The answer of `POST /auth/login` and `POST /auth/refresh`. */
export const tokensSchema = z.object({
  token: z.string(),
  token_type: z.literal("Bearer"),
  /** Seconds that the token lives. */
  expires_in: z.number().int(),
  refresh_token: z.string(),
});
