import type { BodyRule, Route } from "./route.ts";

const JSON_TYPE = "application/json";
const MERGE_PATCH_TYPE = "application/merge-patch+json";

/** Names, passwords, tokens. */
const SMALL: BodyRule = { types: [JSON_TYPE], limit: 16_384 };
/** A record's value has at most 65,536 bytes as Deno KV keeps it; as JSON text it can be some times longer. */
const RECORD: BodyRule = { types: [JSON_TYPE], limit: 262_144 };
const RECORD_PATCH: BodyRule = { types: [MERGE_PATCH_TYPE, JSON_TYPE], limit: 262_144 };
const TASK: BodyRule = { types: [JSON_TYPE], limit: 65_536 };

/** An answer that needs a few reads or writes. */
const QUICK = 10_000;
/** A password is hashed, maybe after waiting for a turn. */
const HASHING = 20_000;

/**
 * The public API: every method of every path that is reachable from outside. What is not in it is answered with 404 or
 * 405; nothing is passed on by a pattern that could match more than was meant.
 */
export const ROUTE_TABLE: readonly Route[] = [
  {
    name: "login",
    method: "POST",
    path: "/auth/login",
    access: "public",
    upstream: "auth",
    body: SMALL,
    timeout: HASHING,
  },
  {
    name: "refresh",
    method: "POST",
    path: "/auth/refresh",
    access: "public",
    upstream: "auth",
    body: SMALL,
    timeout: QUICK,
  },
  { name: "logout", method: "POST", path: "/auth/logout", access: "user", upstream: "auth", timeout: QUICK },
  { name: "getMe", method: "GET", path: "/auth/me", access: "user", upstream: "auth", timeout: QUICK },
  {
    name: "changePassword",
    method: "PUT",
    path: "/auth/password",
    access: "user",
    upstream: "auth",
    body: SMALL,
    timeout: HASHING,
  },
  {
    name: "listUsers",
    method: "GET",
    path: "/auth/users",
    access: "users:manage",
    upstream: "auth",
    timeout: QUICK,
  },
  {
    name: "createUser",
    method: "POST",
    path: "/auth/users",
    access: "users:manage",
    upstream: "auth",
    body: SMALL,
    timeout: HASHING,
  },
  {
    name: "updateUser",
    method: "PATCH",
    path: "/auth/users/:username",
    access: "users:manage",
    upstream: "auth",
    body: { ...SMALL, types: [JSON_TYPE, MERGE_PATCH_TYPE] },
    timeout: HASHING,
  },
  {
    name: "deleteUser",
    method: "DELETE",
    path: "/auth/users/:username",
    access: "users:manage",
    upstream: "auth",
    timeout: QUICK,
  },
  {
    name: "getKeys",
    method: "GET",
    path: "/auth/.well-known/jwks.json",
    access: "public",
    upstream: "auth",
    timeout: QUICK,
  },
  {
    name: "listRecords",
    method: "GET",
    path: "/data",
    access: "data:read",
    upstream: "service",
    timeout: QUICK,
  },
  {
    name: "createRecord",
    method: "POST",
    path: "/data",
    access: "data:write",
    upstream: "service",
    body: RECORD,
    timeout: QUICK,
  },
  {
    name: "watchRecords",
    method: "GET",
    path: "/data/events",
    access: "data:read",
    upstream: "service",
    timeout: QUICK,
  },
  {
    name: "getRecord",
    method: "GET",
    path: "/data/:id",
    access: "data:read",
    upstream: "service",
    timeout: QUICK,
  },
  {
    name: "replaceRecord",
    method: "PUT",
    path: "/data/:id",
    access: "data:write",
    upstream: "service",
    body: RECORD,
    timeout: QUICK,
  },
  {
    name: "patchRecord",
    method: "PATCH",
    path: "/data/:id",
    access: "data:write",
    upstream: "service",
    body: RECORD_PATCH,
    timeout: QUICK,
  },
  {
    name: "deleteRecord",
    method: "DELETE",
    path: "/data/:id",
    access: "data:write",
    upstream: "service",
    timeout: QUICK,
  },
  {
    name: "watchRecord",
    method: "GET",
    path: "/data/:id/events",
    access: "data:read",
    upstream: "service",
    timeout: QUICK,
  },
  {
    name: "listTasks",
    method: "GET",
    path: "/longtask",
    access: "tasks:run",
    upstream: "worker",
    timeout: QUICK,
  },
  {
    name: "queueTask",
    method: "POST",
    path: "/longtask",
    access: "tasks:run",
    upstream: "worker",
    body: TASK,
    timeout: QUICK,
  },
  {
    name: "getTask",
    method: "GET",
    path: "/longtask/:id",
    access: "tasks:run",
    upstream: "worker",
    timeout: QUICK,
  },
  {
    name: "cancelTask",
    method: "DELETE",
    path: "/longtask/:id",
    access: "tasks:run",
    upstream: "worker",
    timeout: QUICK,
  },
  {
    name: "watchTask",
    method: "GET",
    path: "/longtask/:id/events",
    access: "tasks:run",
    upstream: "worker",
    timeout: QUICK,
  },
  {
    name: "getTaskFile",
    method: "GET",
    path: "/longtask/:id/files/:name",
    access: "tasks:run",
    upstream: "worker",
    timeout: QUICK,
  },
];
