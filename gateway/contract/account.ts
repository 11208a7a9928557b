import {
  loginSchema as login,
  meSchema as me,
  newUserSchema as newUser,
  passwordChangeSchema as passwordChange,
  refreshSchema as refresh,
  tokensSchema as tokens,
  userPageSchema as userPage,
  userPatchSchema as userPatch,
  userViewSchema as userView,
} from "@flotilla/auth/verify";
import { z } from "zod";

/** `POST /auth/login` */
export const loginSchema: z.ZodType = login.meta({
  id: "Login",
  example: { username: "admin", password: "password" },
});

/** The answer of `POST /auth/login` and `POST /auth/refresh`. */
export const tokensSchema: z.ZodType = tokens.meta({ id: "Tokens" });

/** `POST /auth/refresh` */
export const refreshSchema: z.ZodType = refresh.meta({
  id: "Refresh",
  example: { refresh_token: "the one from the last answer" },
});

/** `PUT /auth/password` */
export const passwordChangeSchema: z.ZodType = passwordChange.meta({
  id: "PasswordChange",
  example: { current_password: "password", new_password: "correct horse battery staple" },
});

/** `POST /auth/users` */
export const newUserSchema: z.ZodType = newUser.meta({
  id: "NewUser",
  example: { username: "ann", password: "correct horse battery staple", role: "user" },
});

/** `PATCH /auth/users/:username` */
export const userPatchSchema: z.ZodType = userPatch.meta({ id: "UserPatch", example: { disabled: true } });

/** An account as administrators see it. */
export const userSchema: z.ZodType = userView.meta({ id: "User" });

/** `GET /auth/users` */
export const userPageSchema: z.ZodType = userPage.meta({ id: "UserPage" });

/** `GET /auth/me` */
export const meSchema: z.ZodType = me.meta({ id: "Me" });

/** The public keys (RFC 7517, section 5). */
export const keySetSchema: z.ZodType = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) })
  .meta({ id: "KeySet" });

/** The name in `/auth/users/:username`. */
export const userParams = z.object({ username: z.string().min(1).max(256) });

/** The query of `GET /auth/users`. */
export const userQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).optional().meta({ description: "100 unless given" }),
  cursor: z.string().min(1).max(512).optional().meta({ description: "next of the page before" }),
});
