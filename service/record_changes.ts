import type { Principal } from "@flotilla/auth/verify";
import { ProblemError } from "@flotilla/runtime";
import { requireChange, requireManage, requireSeen } from "./access.ts";
import type { DoneBefore, Draft } from "./draft.ts";
import { applyJsonPatch, type JsonPatch } from "./json_patch.ts";
import { mergePatch } from "./merge_patch.ts";
import { requirePreconditions } from "./preconditions.ts";
import { decodeValue, entityTag, type StoredRecord } from "./record.ts";
import { newContent, patchedContent, type RecordInput, replacedContent, saysScope } from "./record_input.ts";

/** Who changes which record, and on which conditions. */
export interface ChangeRequest {
  readonly id: string;
  readonly principal: Principal;
  /** Holds `If-Match` and `If-None-Match`, when they are given. @default none */
  readonly conditions?: Headers;
  /** Names the request, where it may be sent twice. @default none */
  readonly request?: string | undefined;
}

/** What changes a value in parts. */
export type Patch =
  | { readonly kind: "merge"; readonly patch: unknown }
  | { readonly kind: "json"; readonly operations: JsonPatch };

const UNCONDITIONAL = new Headers();

/**
 * Makes a record.
 *
 * @throws {ProblemError} 409 when it exists; what is wrong with the input
 */
export function createInDraft(draft: Draft, request: ChangeRequest & { input: RecordInput }): StoredRecord {
  const { id, principal, input } = request;
  if (draft.read(id) !== undefined) throw new ProblemError(409, `A record with the id "${id}" exists`);
  return draft.put(id, newContent(principal, input, draft.now));
}

/** What a replacement did. */
export type Replacement =
  | { readonly kind: "created" | "replaced"; readonly record: StoredRecord }
  /** It was done when this request came before, and a later write has replaced it already. */
  | { readonly kind: "superseded"; readonly version: number };

/**
 * Makes a record, or replaces what stands there; but not a second time for one request.
 *
 * @throws {ProblemError} 403, 412; what is wrong with the input
 */
export function replaceInDraft(draft: Draft, request: ChangeRequest & { input: RecordInput }): Replacement {
  const { id, principal, input, conditions = UNCONDITIONAL } = request;
  const before = draft.read(id);
  const done = draft.doneBy(request.request);
  if (done !== undefined) return repeated(before, done);
  if (before !== undefined) requireChange(principal, id, before);
  if (before !== undefined && saysScope(input)) requireManage(principal, id, before);
  requirePreconditions(conditions, before && entityTag(before));
  const content = before === undefined
    ? newContent(principal, input, draft.now)
    : replacedContent(before, input, draft.now);
  const record = draft.put(id, content, request.request);
  return { kind: before === undefined ? "created" : "replaced", record };
}

/** What the request did when it came before: a change that has succeeded is answered as such (RFC 9110, section 13.1.1). */
function repeated(record: StoredRecord | undefined, { seq, created }: DoneBefore): Replacement {
  if (record?.version !== seq) return { kind: "superseded", version: seq };
  return { kind: created ? "created" : "replaced", record };
}

/**
 * Changes parts of a record's value.
 *
 * @throws {ProblemError} 404, 403, 412; 409 when the patch does not fit what stands there
 */
export function patchInDraft(draft: Draft, request: ChangeRequest & { patch: Patch }): StoredRecord {
  const { id, patch } = request;
  const before = requireChangeable(draft, request);
  const value = patch.kind === "merge"
    ? mergePatch(decodeValue(before), patch.patch)
    : applyJsonPatch(decodeValue(before), patch.operations);
  return draft.put(id, patchedContent(before, value));
}

/**
 * Deletes a record; nothing is wrong when this request has done so before.
 *
 * @throws {ProblemError} 404, 403, 412
 */
export function deleteInDraft(draft: Draft, request: ChangeRequest): void {
  if (draft.doneBy(request.request) !== undefined) return;
  requireChangeable(draft, request);
  draft.delete(request.id, request.request);
}

/** What stands there, when the caller may see and change it and its conditions are met. */
function requireChangeable(draft: Draft, request: ChangeRequest): StoredRecord {
  const { id, principal, conditions = UNCONDITIONAL } = request;
  const before = requireSeen(principal, id, draft.read(id));
  requireChange(principal, id, before);
  requirePreconditions(conditions, entityTag(before));
  return before;
}
