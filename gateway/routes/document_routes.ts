import { z } from "zod";
import type { AnswerRule, Route } from "../route.ts";
import { QUICK } from "./body_rules.ts";

/** The API described. */
export const DOCUMENT_ROUTES: readonly Route[] = [
  document("getDescription", "The API described", "/openapi.json", {
    description: "OpenAPI 3.1",
    schema: z.looseObject({ openapi: z.string() }),
  }),
  document("getDocs", "A page to try the API on", "/docs", { description: "The page", type: "text/html" }),
  document("getDocsScript", "The page's script", "/docs/docs.js", {
    description: "The script",
    type: "text/javascript",
  }),
  document("getDocsStyle", "The page's style", "/docs/docs.css", {
    description: "The style",
    type: "text/css",
  }),
];

function document(name: string, summary: string, path: string, answer: AnswerRule): Route {
  return {
    name,
    summary,
    method: "GET",
    path,
    access: "public",
    upstream: "gateway",
    answers: { 200: answer },
    timeout: QUICK,
  };
}
