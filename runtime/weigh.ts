/** About how many bytes a key or a value has when it is sent; counting ends at the limit, where it is large anyway. */
export function weigh(value: unknown, limit: number): number {
  if (typeof value === "string") return value.length;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (typeof value !== "object" || value === null) return 8;
  let bytes = 0;
  for (const [name, part] of Object.entries(value)) {
    bytes += name.length + weigh(part, limit - bytes);
    if (bytes >= limit) break;
  }
  return bytes;
}
