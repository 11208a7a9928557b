import { type FieldReader, ProblemError } from "@flotilla/runtime";
import { ifMatch, ifNoneMatch } from "@std/http/etag";

/**
 * Whether the reader has this very version already (`If-None-Match`, RFC 9110, section 13.1.2): then 304.
 *
 * @throws {ProblemError} 412 when `If-Match` names other versions only
 */
export function isUnmodified(headers: FieldReader, tag: string): boolean {
  requireMatch(headers, tag);
  const known = headers.get("if-none-match");
  return known !== null && !ifNoneMatch(known, tag);
}

/**
 * Lets a write pass when its `If-Match` and `If-None-Match` are met by what stands there.
 *
 * @param tag the record's entity tag, `undefined` when there is no record
 * @throws {ProblemError} 412
 */
export function requirePreconditions(headers: FieldReader, tag: string | undefined): void {
  requireMatch(headers, tag);
  const unwanted = headers.get("if-none-match");
  if (unwanted !== null && !ifNoneMatch(unwanted, tag)) {
    throw failed("The record exists in a version that If-None-Match names", tag);
  }
}

function requireMatch(headers: FieldReader, tag: string | undefined): void {
  const wanted = headers.get("if-match");
  if (wanted === null || ifMatch(wanted, tag)) return;
  throw failed(
    tag === undefined
      ? "There is no such record, and If-Match asks for one"
      : `The record is at version ${tag}, which If-Match does not name`,
    tag,
  );
}

function failed(detail: string, tag: string | undefined): ProblemError {
  return new ProblemError(412, detail, tag === undefined ? {} : { headers: { etag: tag } });
}
