import { type Principal, requireRight } from "@flotilla/auth/verify";
import type { RequestContext } from "@flotilla/runtime";
import { requireSeen } from "./access.ts";
import { cacheFields, readOptionsOf } from "./cache_status.ts";
import { type DataEnvironment, type DataHandler, pathId } from "./data_environment.ts";
import { isUnmodified } from "./preconditions.ts";
import { isRecordId } from "./record_id.ts";
import { entityTag } from "./record.ts";
import { recordAnswer } from "./record_answer.ts";

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

async function answerRead(
  { records }: DataEnvironment,
  { request, context, id, principal }: {
    request: Request;
    context: RequestContext;
    id: string;
    principal: Principal;
  },
): Promise<Response> {
  const { headers: asked } = request;
  const found = await records.read(id, readOptionsOf(asked));
  const record = requireSeen(principal, id, found.value);
  const etag = entityTag(record);
  const headers = { etag, ...cacheFields(found), ...context.identify() };
  if (isUnmodified(asked, etag)) return new Response(null, { status: 304, headers });
  return recordAnswer(id, record, { cached: found.layer !== "database", headers });
}
