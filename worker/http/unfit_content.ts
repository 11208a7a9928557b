import { ProblemError } from "@flotilla/runtime";
import type { z } from "zod";

/** What is wrong with one member of what a client sent. */
export interface Misfit {
  /** Where it stands (RFC 6901); empty for the whole. */
  readonly pointer: string;
  readonly detail: string;
}

/** 422 that names every member at fault, as the other roles do. */
export function unfitContent(
  errors: readonly Misfit[],
  what = "The task cannot be taken",
  options: ErrorOptions = {},
): ProblemError {
  const detail = errors.map((error) => `${error.pointer || "the body"}: ${error.detail}`).join("; ");
  return new ProblemError(422, `${what}: ${detail}`, { ...options, extensions: { errors } });
}

/** What a schema found wrong. */
export function misfitsOf({ issues }: z.ZodError): Misfit[] {
  return issues.map(({ path, message }) => ({ pointer: pointerTo(path), detail: message }));
}

function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
