import { isJsonObject } from "./json_object.ts";

/** The media type of a merge patch. */
export const MERGE_PATCH = "application/merge-patch+json";

/**
 * Applies a JSON merge patch (RFC 7396, section 2): members of an object replace, `null` removes, anything but an object
 * replaces the whole. Neither argument is changed.
 *
 * @example
 * ```ts ignore
 * mergePatch({ a: 1, b: 2 }, { b: null, c: 3 }); // { a: 1, c: 3 }
 * ```
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const members = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, mergePatch(members.get(name), value));
  }
  return Object.fromEntries(members);
}
