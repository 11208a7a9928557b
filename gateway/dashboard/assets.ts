import { encodeHex } from "@std/encoding";
import { ifNoneMatch } from "@std/http/etag";
import uplotScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import script from "./dashboard.js" with { type: "text" };
import style from "./dashboard.css" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };

const JAVASCRIPT = "text/javascript; charset=utf-8";
const STYLESHEET = "text/css; charset=utf-8";

const ASSETS: Readonly<Record<string, { readonly text: string; readonly type: string }>> = {
  "dashboard.js": { text: script, type: JAVASCRIPT },
  "dashboard.css": { text: style, type: STYLESHEET },
  "uplot.js": { text: uplotScript, type: JAVASCRIPT },
  "uplot.css": { text: uplotStyle, type: STYLESHEET },
  "icon.svg": { text: icon, type: "image/svg+xml" },
};

const tags = new Map<string, Promise<string>>();

/** What the pages load, all of it from here; `undefined` for a name that is none. */
export async function assetAnswer(name: string, request: Request): Promise<Response | undefined> {
  const asset = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
  if (asset === undefined) return undefined;
  const tag = tags.get(name) ?? tagOf(asset.text);
  tags.set(name, tag);
  const etag = await tag;
  const headers = { "content-type": asset.type, "cache-control": "public, no-cache", etag };
  if (!ifNoneMatch(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(asset.text, { headers });
}

async function tagOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `"${encodeHex(digest).slice(0, 32)}"`;
}
