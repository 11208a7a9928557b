import { ProblemError } from "@flotilla/runtime";

/** Values nested deeper than this are refused, so that none exhausts the stack of whoever reads it. */
export const MAX_DEPTH = 200;

/**
 * Refuses a value that is nested too deeply, or surely has too many bytes as JSON, before anybody writes it as such: the
 * parts that a patch copied are shared in memory, and would multiply only then.
 *
 * @param maxBytes what a lower bound of the value's size may be; default no limit
 * @throws {ProblemError} 422 for depth, 413 for size
 */
export function requireBounds(value: unknown, maxBytes: number = Infinity): void {
  let bytes = 0;
  const visit = (part: unknown, levels: number): void => {
    bytes += typeof part === "string" ? part.length + 2 : 1;
    if (bytes > maxBytes) {
      throw new ProblemError(413, `The value has more than ${maxBytes} bytes as JSON`, {
        extensions: { limit: maxBytes },
      });
    }
    if (typeof part !== "object" || part === null) return;
    if (levels === 0) throw new ProblemError(422, `The value is nested more than ${MAX_DEPTH} levels deep`);
    for (const member of Object.values(part)) visit(member, levels - 1);
  };
  visit(value, MAX_DEPTH);
}
