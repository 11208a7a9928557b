import type { Principal } from "@flotilla/auth/verify";
import { ProblemError } from "@flotilla/runtime";
import { z } from "zod";
import { type DataEnvironment, type DataHandler, jsonAnswer } from "./data_environment.ts";
import { CommitFullError, type Draft } from "./draft.ts";
import { jsonPatchSchema } from "./json_patch.ts";
import { recordText } from "./record.ts";
import { createInDraft, deleteInDraft, type Patch, patchInDraft, replaceInDraft } from "./record_changes.ts";
import { ID_RULE, isRecordId, makeRecordId } from "./record_id.ts";
import { createSchema, replaceSchema } from "./record_input.ts";
import { readJson, requireShape } from "./request_body.ts";

const MAX_OPERATIONS = 100;
const MAX_BODY_BYTES = 1_048_576;

const idSchema = z.string().refine(isRecordId, ID_RULE);
const conditions = { ifMatch: z.string().optional(), ifNoneMatch: z.string().optional() };
const operationSchema = z.discriminatedUnion("op", [
  createSchema.extend({ op: z.literal("create") }),
  replaceSchema.extend({ op: z.literal("put"), id: idSchema, ...conditions }),
  z.strictObject({ op: z.literal("merge"), id: idSchema, patch: z.unknown(), ...conditions }),
  z.strictObject({ op: z.literal("patch"), id: idSchema, patch: jsonPatchSchema, ...conditions }),
  z.strictObject({ op: z.literal("delete"), id: idSchema, ...conditions }),
]);
const batchSchema = z.strictObject({ operations: z.array(operationSchema).min(1).max(MAX_OPERATIONS) });

type Operation = z.infer<typeof operationSchema> & { readonly id: string };

/**
 * `POST /data/batch`: up to 100 changes, made in order, all or nothing. Each sees those before it. When one is refused,
 * the answer has its status and names its number, and nothing has changed.
 */
export function batchRecords({ writer, now }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const body = await readJson(context.req.raw, { limit: MAX_BODY_BYTES });
    const operations = requireShape(batchSchema, body).operations.map((operation) => ({
      ...operation,
      id: operation.id ?? makeRecordId(now()),
    }));
    const results = await writer.write({
      ids: [...new Set(operations.map(({ id }) => id))],
      decide: (draft) =>
        operations.map((operation, index) => applyNumbered(draft, principal, { operation, index })),
    });
    return jsonAnswer(`{"data":[${results.join(",")}]}`);
  };
}

function applyNumbered(
  draft: Draft,
  principal: Principal,
  { operation, index }: { operation: Operation; index: number },
): string {
  try {
    return apply(draft, principal, operation);
  } catch (error) {
    if (!(error instanceof ProblemError) || error instanceof CommitFullError) throw error;
    throw new ProblemError(
      error.status,
      `Operation ${index} (${operation.op} "${operation.id}"): ${error.message}`,
      {
        extensions: { ...error.extensions, operation: index },
        cause: error,
      },
    );
  }
}

/** The record that the operation leaves, as JSON text; `null` for a deleted one. */
function apply(draft: Draft, principal: Principal, operation: Operation): string {
  const { id } = operation;
  switch (operation.op) {
    case "create": {
      const { op: _op, id: _id, ...input } = operation;
      return recordText(id, createInDraft(draft, { id, principal, input }));
    }
    case "put": {
      const { op: _op, id: _id, ifMatch: _match, ifNoneMatch: _none, ...input } = operation;
      const done = replaceInDraft(draft, { id, principal, input, conditions: headersOf(operation) });
      return done.kind === "superseded" ? "null" : recordText(id, done.record);
    }
    case "merge":
    case "patch":
      return recordText(
        id,
        patchInDraft(draft, { id, principal, patch: patchOf(operation), conditions: headersOf(operation) }),
      );
    case "delete":
      deleteInDraft(draft, { id, principal, conditions: headersOf(operation) });
      return "null";
  }
}

function patchOf(operation: Extract<Operation, { op: "merge" | "patch" }>): Patch {
  return operation.op === "merge"
    ? { kind: "merge", patch: operation.patch }
    : { kind: "json", operations: operation.patch };
}

function headersOf(
  { ifMatch, ifNoneMatch }: { ifMatch?: string | undefined; ifNoneMatch?: string | undefined },
) {
  return new Headers([
    ...(ifMatch === undefined ? [] : [["if-match", ifMatch] as [string, string]]),
    ...(ifNoneMatch === undefined ? [] : [["if-none-match", ifNoneMatch] as [string, string]]),
  ]);
}
