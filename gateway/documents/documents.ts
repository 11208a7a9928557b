import { ProblemError } from "@flotilla/runtime";
import { encodeHex } from "@std/encoding";
import { ifNoneMatch } from "@std/http/etag";
import type { Fetcher } from "../forward.ts";
import type { Route } from "../route.ts";
import { describeApi } from "./description.ts";
import page from "./docs.html" with { type: "text" };
import script from "./docs.js" with { type: "text" };
import style from "./docs.css" with { type: "text" };

/** A document with what is sent along. */
interface Document {
  readonly text: string;
  readonly type: string;
  readonly etag: string;
}

/** The page runs its own script and calls this API; it loads nothing from elsewhere, and nobody frames it. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/** Answers for the gateway's own documents: the API described, and a page to try it on. */
export function createDocuments(table: readonly Route[]): Fetcher {
  const made = new Map<string, Promise<Document>>();
  const texts: Readonly<Record<string, { type: string; text: () => string }>> = {
    "/openapi.json": { type: "application/json", text: () => JSON.stringify(describeApi(table)) },
    "/docs": { type: "text/html; charset=utf-8", text: () => page },
    "/docs/docs.js": { type: "text/javascript; charset=utf-8", text: () => script },
    "/docs/docs.css": { type: "text/css; charset=utf-8", text: () => style },
  };

  function documentAt(pathname: string): Promise<Document> {
    const source = texts[pathname];
    if (source === undefined) throw new ProblemError(404, `Nothing is at ${pathname}`);
    const known = made.get(pathname) ?? makeDocument(source.text(), source.type);
    made.set(pathname, known);
    return known;
  }

  return async (request) => {
    const { text, type, etag } = await documentAt(new URL(request.url).pathname);
    const headers = new Headers({
      "content-type": type,
      "content-security-policy": PAGE_POLICY,
      "cache-control": "public, no-cache",
      etag,
    });
    if (!ifNoneMatch(request.headers.get("if-none-match"), etag)) {
      return new Response(null, { status: 304, headers });
    }
    const bytes = new TextEncoder().encode(text);
    headers.set("content-length", String(bytes.byteLength));
    return new Response(bytes, { headers });
  };
}

async function makeDocument(text: string, type: string): Promise<Document> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return { text, type, etag: `"${encodeHex(digest).slice(0, 32)}"` };
}
