const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text for HTML and SVG, in content and in attributes. Control characters, which XML does not allow, are left out.
 *
 * @example
 * ```ts
 * import { escapeMarkup } from "./markup.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(escapeMarkup(`<a href="x">`), "&lt;a href=&quot;x&quot;&gt;");
 * ```
 */
export function escapeMarkup(text: string): string {
  // deno-lint-ignore no-control-regex -- these are the characters that XML 1.0 (section 2.2) forbids
  return text.replaceAll(/[\0-\x08\v\f\x0e-\x1f\ufffe\uffff]/g, "")
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
