import { requireSeen } from "./access.ts";
import { cacheFields, readOptionsOf } from "./cache_status.ts";
import { type DataEnvironment, type DataHandler, pathId } from "./data_environment.ts";
import { isUnmodified } from "./preconditions.ts";
import { entityTag } from "./record.ts";
import { recordAnswer } from "./record_answer.ts";

/** `GET /data/:id`: one record, or 304 when the reader has this version already. */
export function readRecord({ records }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const id = pathId(context);
    const { headers: asked } = context.req.raw;
    const found = await records.read(id, readOptionsOf(asked));
    const record = requireSeen(principal, id, found.value);
    const headers = { etag: entityTag(record), ...cacheFields(found) };
    if (isUnmodified(asked, headers.etag)) return new Response(null, { status: 304, headers });
    return recordAnswer(id, record, { cached: found.layer !== "database", headers });
  };
}
