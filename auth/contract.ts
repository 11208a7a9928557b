import { z } from "zod";
import { rightSchema, roleSchema } from "./principal.ts";

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

/** The content of `POST /auth/refresh`. */
export const refreshSchema = z.object({ refresh_token: z.string().min(1).max(4_096) });

/** The content of `PUT /auth/password`. */
export const passwordChangeSchema = z.object({
  current_password: typedPassword,
  new_password: typedPassword,
});

/** The content of `POST /auth/users`. */
export const newUserSchema = z.strictObject({
  username: usernameSchema,
  password: typedPassword,
  role: roleSchema.default("user"),
});

/** The content of `PATCH /auth/users/:username`. */
export const userPatchSchema = z.strictObject({
  role: roleSchema.optional(),
  password: typedPassword.optional(),
  disabled: z.boolean().optional(),
});

/** A user, as every answer shows it. */
export const userViewSchema = z.object({
  username: z.string(),
  role: roleSchema,
  rights: z.array(rightSchema),
  disabled: z.boolean(),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
});

/** The answer of `GET /auth/me`. */
export const meSchema = userViewSchema.extend({
  /** The session that the token belongs to. */
  session: z.string(),
  /** When the token ends. */
  token_expires: z.iso.datetime(),
});

/** The answer of `GET /auth/users`. */
export const userPageSchema = z.object({
  users: z.array(userViewSchema),
  /** Gets the next part as `?cursor=`. */
  next: z.string().nullable(),
});

/** The query of `GET /auth/users`. */
export const userQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().min(1).max(512).optional(),
});
