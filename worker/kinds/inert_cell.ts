/**
 * Text as a cell of a table that people open in a spreadsheet: what begins like a formula is quoted, since a spreadsheet
 * would run it, and the text comes from whoever writes records (OWASP, "CSV Injection").
 *
 * @example
 * ```ts
 * import { inertCell } from "./inert_cell.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(inertCell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
 * assertEquals(inertCell("order"), "order");
 * ```
 */
export function inertCell(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
