import { ProblemError } from "@flotilla/runtime";
import { createInDraft, deleteInDraft, patchInDraft, replaceInDraft } from "./record_changes.ts";
import { type DataEnvironment, type DataHandler, pathId } from "./data_environment.ts";
import { JSON_PATCH, jsonPatchSchema } from "./json_patch.ts";
import { changedAnswer, createdAnswer } from "./record_answer.ts";
import { makeRecordId } from "./record_id.ts";
import { createSchema, replaceSchema } from "./record_input.ts";
import { MERGE_PATCH } from "./merge_patch.ts";
import { readJson, requireMediaType, requireShape } from "./request_body.ts";

/** `POST /data`: a new record, with an id of its own when none is given. */
export function createRecord({ writer, now }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const { id = makeRecordId(now()), ...input } = requireShape(
      createSchema,
      await readJson(context.req.raw),
    );
    const record = await writer.write({
      ids: [id],
      decide: (draft) => createInDraft(draft, { id, principal, input }),
    });
    return createdAnswer(id, record);
  };
}

/** `PUT /data/:id`: makes the record or replaces what stands there. */
export function replaceRecord({ writer }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const id = pathId(context);
    const { headers } = context.req.raw;
    const input = requireShape(replaceSchema, await readJson(context.req.raw));
    const request = requestName(headers);
    const done = await writer.write({
      ids: [id],
      decide: (draft) => replaceInDraft(draft, { id, principal, input, conditions: headers, request }),
    });
    switch (done.kind) {
      case "created":
        return createdAnswer(id, done.record);
      case "replaced":
        return changedAnswer(id, done.record);
      case "superseded":
        return new Response(null, { status: 204, headers: { etag: `"${done.version}"` } });
    }
  };
}

/** `PATCH /data/:id`: changes parts of the value, by a merge patch (RFC 7396) or a JSON Patch (RFC 6902). */
export function patchRecord({ writer }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const id = pathId(context);
    const { headers } = context.req.raw;
    const patch = await readPatch(context.req.raw);
    const record = await writer.write({
      ids: [id],
      decide: (draft) => patchInDraft(draft, { id, principal, patch, conditions: headers }),
    });
    return changedAnswer(id, record);
  };
}

/** `DELETE /data/:id` */
export function deleteRecord({ writer }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const id = pathId(context);
    const { headers } = context.req.raw;
    await writer.write({
      ids: [id],
      decide: (draft) =>
        deleteInDraft(draft, { id, principal, conditions: headers, request: requestName(headers) }),
    });
    return new Response(null, { status: 204 });
  };
}

/**
 * Names the request among all others: the caller's span, which is of this one request (W3C Trace Context, section 3.2.2.4).
 * A balancer whose upstream died sends an idempotent request again, with the same span; the second one must neither
 * write over what came in between, nor fail its `If-Match` because of the first.
 */
function requestName(headers: Headers): string | undefined {
  return headers.get("traceparent")?.slice(3, 52);
}

async function readPatch(request: Request) {
  const accept = [MERGE_PATCH, JSON_PATCH, "application/json"];
  const type = requireMediaType(request, accept);
  const body = await readJson(request, { accept });
  if (type !== JSON_PATCH) return { kind: "merge", patch: body } as const;
  const operations = requireShape(jsonPatchSchema, body);
  if (operations.length > MAX_OPERATIONS) {
    throw new ProblemError(422, `A JSON Patch has ${MAX_OPERATIONS} operations at most`);
  }
  return { kind: "json", operations } as const;
}

const MAX_OPERATIONS = 1_000;
