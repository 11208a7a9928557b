import type { Principal } from "@flotilla/auth/verify";
import { ProblemError } from "@flotilla/runtime";
import { z } from "zod";
import type { RecordContent } from "./draft.ts";
import type { Scope } from "./keyspace.ts";
import { requireBounds } from "./json_bounds.ts";
import { encodeValue, MAX_VALUE_BYTES, type StoredRecord } from "./record.ts";
import { ID_RULE, isRecordId } from "./record_id.ts";

/** Any JSON, but it must be there. */
const valueSchema = z.unknown().refine((value) => value !== undefined, "must be given");
/** Names of 64 characters, two bytes each, then fit into what {@linkcode MAX_VALUE_BYTES} leaves. */
const MAX_READERS = 10;
const nameSchema = z.string().min(1).max(64);

const contentSchema = z.strictObject({
  value: valueSchema,
  access: z.enum(["private", "shared", "public"]).optional(),
  sharedWith: z.array(nameSchema).max(MAX_READERS).optional(),
  expires: z.iso.datetime({ offset: true, error: "must be a date and time like 2030-01-01T00:00:00Z" })
    .optional(),
});

/** The body of `PUT /data/:id`. */
export const replaceSchema = contentSchema;
/** The body of `POST /data`. */
export const createSchema = contentSchema.extend({ id: z.string().refine(isRecordId, ID_RULE).optional() });

/** What a client says of a record. */
export type RecordInput = z.infer<typeof contentSchema>;

/** What a new record holds: public unless the client says otherwise, and the caller's. */
export function newContent(principal: Principal, input: RecordInput, now: number): RecordContent {
  const { access = input.sharedWith === undefined ? "public" : "shared", sharedWith = [] } = input;
  requireSense(access, sharedWith);
  return {
    owner: principal.subject,
    access,
    sharedWith,
    json: encodeValue(input.value),
    ...expiry(input, now),
  };
}

/** What a record holds when it is replaced: who sees it stays, unless the client says otherwise; `expires` does not. */
export function replacedContent(before: StoredRecord, input: RecordInput, now: number): RecordContent {
  const { owner, access, sharedWith } = before;
  const named = input.sharedWith === undefined ? access : "shared";
  const scope = { owner, access: input.access ?? named, sharedWith: input.sharedWith ?? sharedWith };
  const kept = scope.access === "shared" ? scope.sharedWith : input.sharedWith ?? [];
  requireSense(scope.access, kept);
  return { ...scope, sharedWith: kept, json: encodeValue(input.value), ...expiry(input, now) };
}

/** Whether the input says who sees the record. */
export function saysScope(input: RecordInput): boolean {
  return input.access !== undefined || input.sharedWith !== undefined;
}

/** What a record holds when only its value changes. */
export function patchedContent(before: StoredRecord, value: unknown): RecordContent {
  const { owner, access, sharedWith, expires } = before;
  requireBounds(value, MAX_VALUE_BYTES);
  return {
    owner,
    access,
    sharedWith,
    json: encodeValue(value),
    ...(expires === undefined ? {} : { expires }),
  };
}

function requireSense(access: Scope["access"], sharedWith: readonly string[]): void {
  if (access === "shared" || sharedWith.length === 0) return;
  throw new ProblemError(422, `/sharedWith: names users, but the record is ${access}`);
}

function expiry(input: RecordInput, now: number): { expires?: number } {
  if (input.expires === undefined) return {};
  const expires = Date.parse(input.expires);
  if (expires <= now) throw new ProblemError(422, "/expires: is over already");
  return { expires };
}
