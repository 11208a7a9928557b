import { type Principal, requireRight } from "@flotilla/auth/verify";
import type { FieldReader, RequestContext } from "@flotilla/runtime";
import { requireSeen } from "./access.ts";
import { cacheFields, readOptionsOf } from "./cache_status.ts";
import { type DataEnvironment, type DataHandler, pathId } from "./data_environment.ts";
import { isUnmodified } from "./preconditions.ts";
import { isRecordId } from "./record_id.ts";
import { entityTag } from "./record.ts";
import { recordAnswer } from "./record_answer.ts";
import type { Found } from "./tiered_cache.ts";
import type { WrittenRecord } from "./written_record.ts";

/** `GET /data/:id`: one record, or 304 when the reader has this version already. */
export function readRecord(environment: DataEnvironment): DataHandler {
  return (context, principal) => {
    const { raw } = context.req;
    return answerRead(environment, {
      request: raw,
      context: context.env.context,
      id: pathId(context),
      principal,
    });
  };
}

/**
 * Answers a plain `GET /data/:id` without the router: nearly every request of a busy service is one, and costs half as
 * much this way.
 */
export async function readPlainly(
  environment: DataEnvironment,
  read: { request: Request; context: RequestContext; id: string },
): Promise<Response> {
  read.context.route = "/data/:id";
  const known = environment.verifier.verify(read.request);
  const caller = known instanceof Promise ? await known : known;
  return await answerRead(environment, { ...read, principal: requireRight(caller, "data:read") });
}

const PLAIN = /^https?:\/\/[^/]+\/data\/([^/?%]+)$/;

/** The id of a plain `GET /data/:id`; `undefined` for any other request, which the router sorts out. */
export function plainId(request: Request): string | undefined {
  if (request.method !== "GET") return undefined;
  const id = PLAIN.exec(request.url)?.[1];
  return id !== undefined && isRecordId(id) ? id : undefined;
}

/** What an answer with a record depends on besides the record. */
interface RecordQuestion {
  /** The fields of the request. */
  readonly asked: FieldReader;
  readonly context: RequestContext;
  readonly id: string;
  readonly principal: Principal;
}

/**
 * The answer to who has asked for a record.
 *
 * @throws {ProblemError} 404, and 412 when `If-Match` names other versions only
 */
function answerFound(found: Found<WrittenRecord | undefined>, question: RecordQuestion): Response {
  const { asked, context, id, principal } = question;
  const record = requireSeen(principal, id, found.value);
  const etag = entityTag(record);
  const headers = { etag, ...cacheFields(found), ...context.identify() };
  if (isUnmodified(asked, etag)) return new Response(null, { status: 304, headers });
  return recordAnswer(record, { cached: found.layer !== "database", headers });
}

async function answerRead(
  { records }: DataEnvironment,
  { request: { headers: asked }, ...question }: { request: Request } & Omit<RecordQuestion, "asked">,
): Promise<Response> {
  return answerFound(await records.read(question.id, readOptionsOf(asked)), { ...question, asked });
}
