import { loginSchema as login, rightSchema, roleSchema, tokensSchema as tokens } from "@flotilla/auth/verify";
import { z } from "zod";

const passwordSchema = z.string().min(1).max(256).meta({ format: "password" });
const usernameSchema = z.string().min(1).max(256);

/** `POST /auth/login` */
export const loginSchema: z.ZodType = login.meta({
  id: "Login",
  example: { username: "admin", password: "password" },
});

/** The answer of `POST /auth/login` and `POST /auth/refresh`. */
export const tokensSchema: z.ZodType = tokens.meta({ id: "Tokens" });

/** `POST /auth/refresh` */
export const refreshSchema: z.ZodType = z.object({ refresh_token: z.string().min(1).max(1_024) })
  .meta({ id: "Refresh", example: { refresh_token: "the one from the last answer" } });

/** `PUT /auth/password` */
export const passwordChangeSchema: z.ZodType = z.strictObject({
  current_password: passwordSchema,
  new_password: passwordSchema,
}).meta({
  id: "PasswordChange",
  example: { current_password: "password", new_password: "correct horse battery staple" },
});

/** `POST /auth/users` */
export const newUserSchema: z.ZodType = z.strictObject({
  username: usernameSchema,
  password: passwordSchema,
  role: roleSchema.optional(),
}).meta({ id: "NewUser", example: { username: "ann", password: "correct horse battery", role: "user" } });

/** `PATCH /auth/users/:username` */
export const userChangeSchema: z.ZodType = z.strictObject({
  role: roleSchema.optional(),
  disabled: z.boolean().optional(),
  password: passwordSchema.optional(),
}).meta({ id: "UserChange", example: { disabled: true } });

const accountSchema = z.object({
  username: z.string(),
  role: roleSchema,
  rights: z.array(rightSchema),
  disabled: z.boolean(),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
});

/** An account as administrators see it. */
export const userSchema: z.ZodType = accountSchema.meta({ id: "User" });

/** `GET /auth/users` */
export const userPageSchema: z.ZodType = z.object({
  users: z.array(userSchema),
  next: z.string().nullable().meta({ description: "?cursor of the next page" }),
}).meta({ id: "UserPage" });

/** `GET /auth/me` */
export const meSchema: z.ZodType = accountSchema.extend({
  session: z.string(),
  token_expires: z.iso.datetime(),
}).meta({ id: "Me" });

/** The public keys (RFC 7517, section 5). */
export const keySetSchema: z.ZodType = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) })
  .meta({ id: "KeySet" });

/** The name in `/auth/users/:username`. */
export const userParams = z.object({ username: usernameSchema });

/** `?limit` and `?cursor` of a list of accounts. */
export const userQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
  cursor: z.string().optional(),
});
