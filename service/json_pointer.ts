/**
 * The reference tokens of a JSON Pointer (RFC 6901), or `undefined` when the text is none.
 *
 * @example
 * ```ts ignore
 * parsePointer("/a~1b/0"); // ["a/b", "0"]
 * ```
 */
export function parsePointer(text: string): string[] | undefined {
  if (text === "") return [];
  if (!text.startsWith("/") || /~(?![01])/.test(text)) return undefined;
  return text.slice(1).split("/").map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Writes the tokens as a JSON Pointer. */
export function writePointer(tokens: readonly PropertyKey[]): string {
  return tokens.map((token) => `/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
