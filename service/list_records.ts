import type { Principal } from "@flotilla/auth/verify";
import { z } from "zod";
import { maySee } from "./access.ts";
import { cacheFields, readOptionsOf } from "./cache_status.ts";
import { type DataEnvironment, type DataHandler, jsonAnswer, requireQuery } from "./data_environment.ts";
import { alive } from "./record.ts";
import { type IdRange, makeCursor, requireRange } from "./record_id.ts";
import type { WrittenPage } from "./page_reader.ts";
import type { Found } from "./tiered_cache.ts";

/** Most pages that one answer looks through for records that the caller may see. */
const MAX_PAGES = 10;

const querySchema = z.strictObject({
  limit: z.string().regex(/^\d{1,4}$/, "must be a number").transform(Number).pipe(
    z.number().min(1).max(1_000),
  )
    .default(100),
  cursor: z.string().optional(),
  prefix: z.string().default(""),
});

/**
 * `GET /data`: the records that the caller may see, in the order of their ids. A page may be shorter than `limit`, even
 * empty, when few of many records are the caller's to see; the list is over when `next` is null.
 */
export function listRecords({ pages, now }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const { limit, cursor, prefix } = requireQuery(context, querySchema);
    const read = readOptionsOf(context.req.raw.headers);
    const list = new VisibleList(principal, limit, now());
    let range = requireRange(prefix, cursor);
    const first = await pages.read(range, limit, read);
    const parts = [first];
    range = list.add(range, first.value);
    while (list.more && list.texts.length < limit && parts.length < MAX_PAGES) {
      const part = await pages.read(range, limit, read);
      parts.push(part);
      range = list.add(range, part.value);
    }
    const next = list.more ? JSON.stringify(makeCursor(range.after)) : "null";
    return jsonAnswer(`{"cached":${parts.every(isCached)},"data":[${list.texts.join(",")}],"next":${next}}`, {
      headers: cacheFields(first, ...parts.slice(1)),
    });
  };
}

/** Gathers what one caller may see of page after page. */
class VisibleList {
  readonly texts: string[] = [];
  more = true;
  readonly #principal: Principal;
  readonly #limit: number;
  readonly #now: number;

  constructor(principal: Principal, limit: number, now: number) {
    this.#principal = principal;
    this.#limit = limit;
    this.#now = now;
  }

  /** Takes from the page what there is room for, and answers the range behind it. */
  add(range: IdRange, page: WrittenPage): IdRange {
    let after = range.after;
    for (const { id, record } of page.items) {
      if (this.texts.length === this.#limit) return { ...range, after };
      after = id;
      if (!maySee(this.#principal, record) || alive(record, this.#now) === undefined) continue;
      this.texts.push(record.text);
    }
    this.more = page.more;
    return { ...range, after };
  }
}

function isCached({ layer }: Found<WrittenPage>): boolean {
  return layer !== "database";
}
