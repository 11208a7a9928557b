import type { Principal } from "@flotilla/auth/verify";
import { ProblemError } from "@flotilla/runtime";
import { z } from "zod";
import { maySee, requireChange, requireManage, requireSeen } from "./access.ts";
import {
  addRoutes,
  type DataApp,
  type DataContext,
  type DataEnvironment,
  type DataHandler,
  jsonAnswer,
} from "./data_environment.ts";
import { mergePatch } from "./merge_patch.ts";
import { isUnmodified, requirePreconditions } from "./preconditions.ts";
import { alive, decodeValue, entityTag, recordText, type StoredRecord } from "./record.ts";
import { makeCursor, makeRecordId, requireRange, requireRecordId } from "./record_id.ts";
import {
  createSchema,
  newContent,
  patchedContent,
  replacedContent,
  replaceSchema,
  saysScope,
} from "./record_input.ts";
import { readJson, requireDepth, requireShape } from "./request_body.ts";

const MERGE_PATCH = "application/merge-patch+json";

/** Records under `/data`. */
export function addDataRoutes(app: DataApp, environment: DataEnvironment): void {
  const { verifier } = environment;
  const route = (right: "data:read" | "data:write", make: (environment: DataEnvironment) => DataHandler) => ({
    right,
    handle: make(environment),
  });
  addRoutes(app, "/data", {
    verifier,
    methods: { GET: route("data:read", listRecords), POST: route("data:write", createRecord) },
  });
  addRoutes(app, "/data/:id", {
    verifier,
    methods: {
      GET: route("data:read", readRecord),
      PUT: route("data:write", replaceRecord),
      PATCH: route("data:write", patchRecord),
      DELETE: route("data:write", deleteRecord),
    },
  });
}

/** Most raw pages that one answer looks through for records that the caller may see. */
const MAX_RAW_PAGES = 10;

const listSchema = z.strictObject({
  limit: z.string().regex(/^\d{1,4}$/).transform(Number).pipe(z.number().min(1).max(1_000)).default(100),
  cursor: z.string().optional(),
  prefix: z.string().default(""),
});

function listRecords({ pages, now }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const { limit, cursor, prefix } = requireQuery(context, listSchema);
    let range = requireRange(prefix, cursor);
    const texts: string[] = [];
    let cached = true;
    let more = true;
    for (let count = 0; more && texts.length < limit && count < MAX_RAW_PAGES; count++) {
      const { value: page, layer } = await pages.read(range, limit);
      cached &&= layer !== "database";
      more = page.more;
      for (const [index, { id, record }] of page.items.entries()) {
        range = { prefix, after: id };
        if (!maySee(principal, record) || alive(record, now()) === undefined) continue;
        if (texts.push(recordText(id, record)) < limit) continue;
        more ||= index + 1 < page.items.length;
        break;
      }
    }
    const next = more ? JSON.stringify(makeCursor(range.after)) : "null";
    return jsonAnswer(`{"cached":${cached},"data":[${texts.join(",")}],"next":${next}}`);
  };
}

function readRecord({ records }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const id = requireRecordId(pathId(context));
    const { value, layer } = await records.read(id);
    const record = requireSeen(principal, id, value);
    const etag = entityTag(record);
    if (isUnmodified(context.req.raw.headers, etag)) {
      return new Response(null, { status: 304, headers: { etag } });
    }
    return recordAnswer(id, record, { cached: layer !== "database" });
  };
}

function createRecord({ writer, now }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const { id = makeRecordId(now()), ...input } = requireShape(
      createSchema,
      await readJson(context.req.raw),
    );
    const record = await writer.write({
      ids: [id],
      decide(draft) {
        if (draft.read(id) !== undefined) throw new ProblemError(409, `A record with the id "${id}" exists`);
        return draft.put(id, newContent(principal, input, draft.now));
      },
    });
    return recordAnswer(id, record, { status: 201, headers: { location: `/data/${id}` } });
  };
}

function replaceRecord({ writer }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const id = requireRecordId(pathId(context));
    const input = requireShape(replaceSchema, await readJson(context.req.raw));
    const { headers } = context.req.raw;
    const { record, created } = await writer.write({
      ids: [id],
      decide(draft) {
        const before = draft.read(id);
        if (before !== undefined) requireChange(principal, id, before);
        if (before !== undefined && saysScope(input)) requireManage(principal, id, before);
        requirePreconditions(headers, before && entityTag(before));
        const content = before === undefined
          ? newContent(principal, input, draft.now)
          : replacedContent(before, input, draft.now);
        return { record: draft.put(id, content), created: before === undefined };
      },
    });
    return recordAnswer(id, record, created ? { status: 201, headers: { location: `/data/${id}` } } : {});
  };
}

function patchRecord({ writer }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const id = requireRecordId(pathId(context));
    const patch = await readJson(context.req.raw, { accept: [MERGE_PATCH, "application/json"] });
    const { headers } = context.req.raw;
    const record = await writer.write({
      ids: [id],
      decide(draft) {
        const before = requireChangeable(principal, id, { record: draft.read(id), headers });
        const value = mergePatch(decodeValue(before), patch);
        requireDepth(value);
        return draft.put(id, patchedContent(before, value));
      },
    });
    return recordAnswer(id, record);
  };
}

function deleteRecord({ writer }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const id = requireRecordId(pathId(context));
    const { headers } = context.req.raw;
    await writer.write({
      ids: [id],
      decide(draft) {
        requireChangeable(principal, id, { record: draft.read(id), headers });
        draft.delete(id);
      },
    });
    return new Response(null, { status: 204 });
  };
}

/** What stands there, when the caller may see and change it and its preconditions are met. */
function requireChangeable(
  principal: Principal,
  id: string,
  { record, headers }: { record: StoredRecord | undefined; headers: Headers },
): StoredRecord {
  const before = requireSeen(principal, id, record);
  requireChange(principal, id, before);
  requirePreconditions(headers, entityTag(before));
  return before;
}

function recordAnswer(
  id: string,
  record: StoredRecord,
  init: { cached?: boolean; status?: number; headers?: Record<string, string> } = {},
): Response {
  const { cached = false, status = 200, headers = {} } = init;
  return jsonAnswer(`{"cached":${cached},"data":${recordText(id, record)}}`, {
    status,
    headers: { etag: entityTag(record), ...headers },
  });
}

function requireQuery<T>(context: DataContext, schema: z.ZodType<T>): T {
  const result = schema.safeParse(context.req.query());
  if (result.success) return result.data;
  const detail = result.error.issues.map(({ path, message }) => `?${path.join("")}: ${message}`).join("; ");
  throw new ProblemError(422, detail);
}

function pathId(context: DataContext): string {
  return context.req.param("id") ?? "";
}
